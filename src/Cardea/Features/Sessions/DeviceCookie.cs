using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Sessions;

/// <summary>
/// Holds what a browser is recognised by. It signs nobody in: it only gives tries of its own to whoever has signed in here before. A client
/// that keeps no cookies is recognised by its address and user agent.
/// </summary>
public sealed class DeviceCookie(PublicUrl publicUrl)
{
    /// <summary>The __Host- prefix binds it to this host and path (RFC 6265bis section 4.1.3.2); it needs https.</summary>
    private string Name => publicUrl.IsHttps ? "__Host-cardea-device" : "cardea-device";

    public ClientInfo Client(HttpContext http) => ClientInfo.Of(http, http.Request.Cookies[Name] is { Length: <= 64 } token ? token : null);

    public void Set(HttpContext http, string token) => http.Response.Cookies.Append(Name, token, new CookieOptions
    {
        HttpOnly = true,
        Secure = publicUrl.IsHttps,
        SameSite = SameSiteMode.Lax,
        Path = "/",
        MaxAge = KnownDevices.KeptFor,
        IsEssential = true,
    });
}
