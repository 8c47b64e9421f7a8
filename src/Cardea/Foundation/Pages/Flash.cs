using Cardea.Foundation.Web;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;

namespace Cardea.Foundation.Pages;

public enum FlashKind
{
    Success,
    Notice,
    Error,
}

public sealed record FlashMessage(FlashKind Kind, string Text)
{
    public override string ToString() => $"[flash {Kind}]";
}

/// <summary>
/// A message from one page to the next, shown once: in a cookie that only this server can read or write, so that nobody can put words into
/// its mouth.
/// </summary>
public sealed class Flash(IDataProtectionProvider protection, PublicUrl publicUrl)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private readonly ITimeLimitedDataProtector _protector = protection.CreateProtector("Cardea.Flash").ToTimeLimitedDataProtector();

    private string Name => publicUrl.IsHttps ? "__Host-cardea-flash" : "cardea-flash";

    public void Set(HttpContext http, FlashKind kind, string text) =>
        http.Response.Cookies.Append(Name, _protector.Protect($"{(int)kind}{text}", Lifetime), Options(Lifetime));

    public FlashMessage? Take(HttpContext http)
    {
        if (http.Request.Cookies[Name] is not { Length: > 0 and <= 4096 } value)
        {
            return null;
        }

        http.Response.Cookies.Delete(Name, Options(null));
        try
        {
            var text = _protector.Unprotect(value);
            return new((FlashKind)(text[0] - '0'), text[1..]);
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return null; // old, or not ours
        }
    }

    private CookieOptions Options(TimeSpan? lifetime) => new()
    {
        HttpOnly = true,
        Secure = publicUrl.IsHttps,
        SameSite = SameSiteMode.Lax,
        Path = "/",
        MaxAge = lifetime,
        IsEssential = true,
    };
}
