using System.Net;
using System.Security.Cryptography;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cardea.Foundation.Web;

/// <summary>
/// What every request passes first: its id, the host and scheme of the public URL instead of what the client says they are, the headers that
/// every answer carries, and the one place where an exception becomes an answer.
/// </summary>
public sealed partial class Entrance(RequestDelegate next, PublicUrl publicUrl, Draining draining, ILogger<Entrance> log)
{
    internal static string NewRequestId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));

    public async Task InvokeAsync(HttpContext http)
    {
        http.TraceIdentifier = NewRequestId();
        SetHeaders(http.Response.Headers);
        draining.LetGo(http);
        http.Response.Headers["X-Request-Id"] = http.TraceIdentifier;
        // As it was sent: the request's own Host property decodes punycode, and throws on what only looks like it.
        if (!IsKnown(new HostString(http.Request.Headers.Host.ToString())) && !http.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
        {
            await WriteAsync(http, CommonProblems.InvalidHost);
            return;
        }

        Haste.Begin();
        http.Request.Scheme = publicUrl.Value.Scheme;
        http.Request.Host = publicUrl.Host;
        try
        {
            await next(http);
        }
        catch (Exception fault) when (!http.Response.HasStarted)
        {
            await AnswerAsync(http, fault);
            return;
        }

        if (http.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null } && Bare(http.Response.StatusCode) is { } problem)
        {
            await WriteAsync(http, problem);
        }
    }

    /// <summary>What a JSON door refuses is JSON whoever asks; a person who is lost gets a page.</summary>
    private static Task WriteAsync(HttpContext http, Problem problem) => http.GetEndpoint()?.Metadata.OfType<Access>().Any() is true || !Accepts.PrefersHtml(http.Request)
        ? Answers.WriteAsync(http, problem)
        : http.RequestServices.GetRequiredService<WriteErrorPage>()(http, problem);

    /// <summary>A name that is not ours can only come from a page that made it point here (DNS rebinding). An address can't be rebound.</summary>
    private bool IsKnown(HostString host) =>
        host.Host.Equals(publicUrl.Value.Host, StringComparison.OrdinalIgnoreCase)
        || host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host.Host.AsSpan().Trim("[]"), out _);

    private void SetHeaders(IHeaderDictionary headers)
    {
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        headers.XFrameOptions = "DENY";
        if (publicUrl.IsHttps)
        {
            headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
        }
    }

    private async Task AnswerAsync(HttpContext http, Exception fault)
    {
        if (fault is OperationCanceledException && http.RequestAborted.IsCancellationRequested)
        {
            http.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return;
        }

        var problem = fault switch
        {
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => CommonProblems.BodyTooLarge,
            BadHttpRequestException => CommonProblems.MalformedRequest,
            _ when Dialect.IsOutage(fault) => CommonProblems.Unavailable,
            _ => CommonProblems.InternalError,
        };
        if (problem.Status >= 500)
        {
            LogFault(http.Request.Method, Route(http), http.TraceIdentifier, fault);
        }

        await WriteAsync(http, problem);
    }

    /// <summary>The pattern and never the path: a path can hold what a stranger wrote into it.</summary>
    private static string Route(HttpContext http) => (http.GetEndpoint() as Microsoft.AspNetCore.Routing.RouteEndpoint)?.RoutePattern.RawText ?? "(none)";

    private static Problem? Bare(int status) => status switch
    {
        StatusCodes.Status400BadRequest => CommonProblems.MalformedRequest,
        StatusCodes.Status403Forbidden => CommonProblems.Forbidden,
        StatusCodes.Status404NotFound => CommonProblems.NotFound,
        StatusCodes.Status405MethodNotAllowed => CommonProblems.MethodNotAllowed,
        StatusCodes.Status413PayloadTooLarge => CommonProblems.BodyTooLarge,
        StatusCodes.Status415UnsupportedMediaType => CommonProblems.UnsupportedMediaType,
        _ => null,
    };

    [LoggerMessage(1, LogLevel.Error, "{Method} {Route} failed; request {RequestId}")]
    private partial void LogFault(string method, string route, string requestId, Exception fault);
}
