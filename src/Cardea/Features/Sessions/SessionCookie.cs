using System.Security.Cryptography;
using Cardea.Crypto.Secrets;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Sessions;

/// <summary>
/// The cookie of the pages: <c>session id . secret</c>. It says nothing that is believed; the session is looked up and the secret compared
/// with its hash. It opens the pages and, of the JSON API, the administration alone. Who views another's account has a second cookie of the same form
/// beside their own, which is nothing without it: when the viewing is over, the own session is there again.
/// </summary>
public sealed class SessionCookie(PublicUrl publicUrl, Database database, SessionDirectory sessions, SessionsOptions options)
{
    private string ViewingName => publicUrl.IsHttps ? "__Host-cardea-viewing" : "cardea-viewing";

    private string Name => publicUrl.IsHttps ? "__Host-cardea" : "cardea";

    public void Set(HttpContext http, string sessionId, SecretToken secret) => http.Response.Cookies.Append(Name, $"{sessionId}.{secret.Reveal()}", Options(options.Absolute));

    /// <summary>After a change of what one signs in with: whoever copied the cookie before is out, the browser that made the change is not.</summary>
    public async Task RenewAsync(HttpContext http, string sessionId)
    {
        var secret = SecretToken.New();
        await database.WriteAsync(transaction => sessions.SetCookieHashAsync(transaction, sessionId, secret.Hash.ToArray()));
        Set(http, sessionId, secret);
    }

    public void SetViewing(HttpContext http, string sessionId, SecretToken secret, TimeSpan lifetime) =>
        http.Response.Cookies.Append(ViewingName, $"{sessionId}.{secret.Reveal()}", Options(lifetime));

    public void Clear(HttpContext http)
    {
        http.Response.Cookies.Delete(Name, Options(null));
        ClearViewing(http);
    }

    public void ClearViewing(HttpContext http)
    {
        if (http.Request.Cookies.ContainsKey(ViewingName))
        {
            http.Response.Cookies.Delete(ViewingName, Options(null));
        }
    }

    /// <summary>Whom the browser's pages are for: an account that is viewed, and otherwise who is signed in.</summary>
    public async ValueTask<Caller?> FindCallerAsync(HttpContext http)
    {
        var own = await FindOwnAsync(http);
        return own is not null && await FindSessionAsync(http, ViewingName) is { IsViewing: true } session && session.ActorSessionId == own.SessionId
            ? new Caller(session.AccountId, session.Id, ActorId: session.ActorId)
            : own;
    }

    /// <summary>Who is signed in in this browser, whatever they view.</summary>
    public async ValueTask<Caller?> FindOwnAsync(HttpContext http) =>
        await FindSessionAsync(http, Name) is { IsViewing: false } session ? new Caller(session.AccountId, session.Id) : null;

    /// <summary>An unknown, old or damaged cookie is as good as none.</summary>
    private async ValueTask<Session?> FindSessionAsync(HttpContext http, string name)
    {
        if (http.Request.Cookies[name] is not { Length: 32 + 1 + SecretToken.Length } value
            || value[32] != '.'
            || !Id.IsWellFormed(value[..32])
            || !SecretToken.TryParse(value[33..], out var secret)
            || await sessions.FindLiveAsync(value[..32]) is not { CookieHash: { } hash } session
            || !CryptographicOperations.FixedTimeEquals(secret.Hash.ToArray(), hash))
        {
            return null;
        }

        return session;
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
