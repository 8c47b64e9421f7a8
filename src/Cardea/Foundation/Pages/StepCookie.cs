using Cardea.Foundation.Web;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;

namespace Cardea.Foundation.Pages;

/// <summary>
/// What a browser holds between two steps of one flow, such as the second step of a sign-in: sealed by this server, readable by nothing in the
/// page, and out of addresses, histories and referrers. One step's cookie is nothing to another step.
/// </summary>
public sealed class StepCookie(IDataProtectionProvider protection, PublicUrl publicUrl)
{
    private const int Longest = 2048;

    /// <param name="step">A word of the cookie's name, such as <c>second-step</c>.</param>
    public void Set(HttpContext http, string step, string value, TimeSpan lifetime) =>
        http.Response.Cookies.Append(Name(step), Protector(step).Protect(value, lifetime), Options(lifetime));

    /// <summary>An old, damaged or foreign cookie is as good as none.</summary>
    public string? Find(HttpContext http, string step)
    {
        if (http.Request.Cookies[Name(step)] is not { Length: > 0 and <= Longest } value)
        {
            return null;
        }

        try
        {
            return Protector(step).Unprotect(value);
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            return null;
        }
    }

    public void Clear(HttpContext http, string step)
    {
        if (http.Request.Cookies.ContainsKey(Name(step)))
        {
            http.Response.Cookies.Delete(Name(step), Options(null));
        }
    }

    private string Name(string step) => (publicUrl.IsHttps ? "__Host-cardea-" : "cardea-") + step;

    private ITimeLimitedDataProtector Protector(string step) => protection.CreateProtector("Cardea.Step", step).ToTimeLimitedDataProtector();

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
