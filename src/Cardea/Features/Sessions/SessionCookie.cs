using System.Security.Cryptography;
using Cardea.Crypto.Secrets;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Sessions;

/// <summary>
/// The cookie of the pages: <c>session id . secret</c>. It says nothing that is believed; the session is looked up and the secret compared
/// with its hash. It opens pages and nothing of the JSON API.
/// </summary>
public sealed class SessionCookie(PublicUrl publicUrl, Database database, SessionDirectory sessions, SessionsOptions options)
{
    private string Name => publicUrl.IsHttps ? "__Host-cardea" : "cardea";

    public void Set(HttpContext http, string sessionId, SecretToken secret) => http.Response.Cookies.Append(Name, $"{sessionId}.{secret.Reveal()}", Options(options.Absolute));

    /// <summary>After a change of what one signs in with: whoever copied the cookie before is out, the browser that made the change is not.</summary>
    public async Task RenewAsync(HttpContext http, string sessionId)
    {
        var secret = SecretToken.New();
        await database.WriteAsync(transaction => sessions.SetCookieHashAsync(transaction, sessionId, secret.Hash.ToArray()));
        Set(http, sessionId, secret);
    }

    public void Clear(HttpContext http) => http.Response.Cookies.Delete(Name, Options(null));

    /// <summary>An unknown, old or damaged cookie is as good as none.</summary>
    public async ValueTask<Caller?> FindCallerAsync(HttpContext http)
    {
        if (http.Request.Cookies[Name] is not { Length: 32 + 1 + SecretToken.Length } value
            || value[32] != '.'
            || !Id.IsWellFormed(value[..32])
            || !SecretToken.TryParse(value[33..], out var secret)
            || await sessions.FindLiveAsync(value[..32]) is not { CookieHash: { } hash } session
            || !CryptographicOperations.FixedTimeEquals(secret.Hash.ToArray(), hash))
        {
            return null;
        }

        return new Caller(session.AccountId, session.Id);
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
