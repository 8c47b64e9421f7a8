using System.Collections.Frozen;
using Cardea.Foundation.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Primitives;

namespace Cardea.Foundation.Web;

/// <summary>
/// CORS for the origins of the settings, compared whole. No credentials: a script brings a bearer token or nothing, so a page of another origin
/// can never act with somebody's cookie.
/// </summary>
internal static class CrossOrigin
{
    private const string Exposed = "X-Request-Id, Retry-After";

    public static IApplicationBuilder UseCrossOrigin(this IApplicationBuilder app)
    {
        var allowed = app.ApplicationServices.GetRequiredService<ServerOptions>().AllowedOrigins.ToFrozenSet(StringComparer.Ordinal);
        return allowed.Count == 0 ? app : app.Use(next => http => HandleAsync(http, next, allowed));
    }

    private static Task HandleAsync(HttpContext http, RequestDelegate next, FrozenSet<string> allowed)
    {
        var headers = http.Response.Headers;
        headers.Vary = StringValues.Concat(headers.Vary, "Origin");
        if (http.Request.Headers.Origin is not [{ } origin] || !allowed.Contains(origin))
        {
            return next(http);
        }

        headers.AccessControlAllowOrigin = origin;
        headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        if (!HttpMethods.IsOptions(http.Request.Method) || http.Request.Headers.AccessControlRequestMethod.Count == 0)
        {
            headers.AccessControlExposeHeaders = Exposed;
            return next(http);
        }

        headers.AccessControlAllowMethods = "GET, POST, PUT, PATCH, DELETE";
        headers.AccessControlAllowHeaders = "Authorization, Content-Type, Idempotency-Key, " + ChallengedDoors.Header;
        headers.AccessControlMaxAge = "600";
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
