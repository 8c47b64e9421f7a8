using Cardea.Foundation.Problems;
using Cardea.Foundation.Settings;
using Microsoft.AspNetCore.Http;

namespace Cardea.Foundation.Web;

/// <summary>
/// What comes in plain http on the port that is there for it goes on to the public URL, whatever host the request names. Only what a person typed or
/// followed does: a client that posts, or sends a token, has told everybody on the way already, and would go on doing so if it were led on silently.
/// </summary>
public sealed class HttpsRedirect(RequestDelegate next, ServerOptions server, PublicUrl publicUrl)
{
    public async Task InvokeAsync(HttpContext http)
    {
        // By the socket, and before any proxy is believed.
        if (http.Connection.LocalPort != server.RedirectPort || http.Request.IsHttps)
        {
            await next(http);
            return;
        }

        var isLed = (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)) && http.Request.Headers.Authorization.Count == 0;
        http.TraceIdentifier = Entrance.NewRequestId();
        http.Response.Headers["X-Request-Id"] = http.TraceIdentifier;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        if (isLed)
        {
            http.Response.StatusCode = server.RedirectStatus;
            http.Response.Headers.Location = publicUrl.Text + http.Request.Path.ToUriComponent() + http.Request.QueryString.ToUriComponent();
            return;
        }

        http.Response.Headers.Connection = "close"; // the body stays unread
        await Answers.WriteAsync(http, CommonProblems.HttpsNeeded);
    }
}
