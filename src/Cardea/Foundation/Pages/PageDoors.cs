using System.Security.Claims;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Cardea.Foundation.Pages;

/// <summary>Finds who opened a page by the cookie that the browser sent; null when there is no living session.</summary>
public delegate ValueTask<Caller?> FindPageCaller(HttpContext http);

/// <summary>
/// Maps a page. Like a JSON door it states who may open it and how often; a form is looked at only when it was sent by a page of ours: the
/// browser says where it comes from, and the form carries a token that only our pages hold.
/// </summary>
public static class PageDoors
{
    public const string LoginPath = "/login";

    /// <summary>Where a signed-in person confirms who they are.</summary>
    public const string ConfirmPath = "/account/confirm";

    /// <summary>The step cookie of a sign-in that must set up a second factor.</summary>
    public const string EnrolmentStep = "set-up";

    internal const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; object-src 'none'; "
        + "frame-ancestors 'none'; require-trusted-types-for 'script'";

    public static IEndpointConventionBuilder Page(this IEndpointRouteBuilder routes, string path, Func<HttpContext, Task<IResult>> show, PageAccess access) =>
        Map(routes, HttpMethods.Get, path, show, access, Limit.None("a page; what it does is counted where it is done"));

    /// <param name="from">The page that holds the form: where to go back to when its sender must sign in or confirm first. <c>{id}</c> and the like are those of the form's own path.</param>
    public static IEndpointConventionBuilder Form(
        this IEndpointRouteBuilder routes, string path, Func<HttpContext, IFormCollection, Task<IResult>> take, PageAccess access, Limit limit, string? from = null) =>
        Map(routes, HttpMethods.Post, path, async http => await take(http, await http.Request.ReadFormAsync(http.RequestAborted)), access, limit, from);

    /// <summary>A page for who holds a permission.</summary>
    public static IEndpointConventionBuilder Page(this IEndpointRouteBuilder routes, string path, Func<HttpContext, Task<IResult>> show, Permission permission) =>
        Map(routes, HttpMethods.Get, path, show, PageAccess.SignedIn, Limit.None("a page; what it does is counted where it is done"), permission: permission).WithMetadata(permission);

    /// <summary>A form for who holds a permission and has lately proved who they are.</summary>
    public static IEndpointConventionBuilder Form(
        this IEndpointRouteBuilder routes, string path, Func<HttpContext, IFormCollection, Task<IResult>> take, Permission permission, Limit limit, string from) =>
        Map(routes, HttpMethods.Post, path, async http => await take(http, await http.Request.ReadFormAsync(http.RequestAborted)), PageAccess.RecentlySignedIn, limit, from, permission)
            .WithMetadata(permission);

    private static IEndpointConventionBuilder Map(
        IEndpointRouteBuilder routes, string method, string path, Func<HttpContext, Task<IResult>> deed, PageAccess access, Limit limit, string? from = null, Permission? permission = null)
    {
        var services = routes.ServiceProvider;
        var (limiter, findCaller, antiforgery) = (services.GetRequiredService<DoorLimiter>(), services.GetRequiredService<FindPageCaller>(), services.GetRequiredService<Func<IAntiforgery>>());
        var (findEnrolling, refuseUnlessRecent) = (services.GetRequiredService<FindEnrollingCaller>(), services.GetRequiredService<RefuseUnlessRecent>());
        var (publicUrl, isPermitted) = (services.GetRequiredService<PublicUrl>(), services.GetRequiredService<IsPermitted>());
        var (refuseUnsolved, note) = (services.GetRequiredService<RefuseUnsolved>(), services.GetRequiredService<NoteChallenged>());
        var stepCookie = services.GetRequiredService<StepCookie>;
        string[] methods = method == HttpMethods.Get ? [HttpMethods.Get, HttpMethods.Head] : [method];
        return routes.MapMethods(path, methods, (RequestDelegate)EnterAsync).WithMetadata(access, limit);

        async Task EnterAsync(HttpContext http)
        {
            http.Response.Headers.ContentSecurityPolicy = Policy;
            http.Response.Headers.CacheControl = "no-cache, no-store"; // as the antiforgery token wants it
            http.Response.Headers.Pragma = "no-cache";
            var (refusal, whose) = await limiter.EnterAsync(http, limit);
            refusal ??= (access is PageAccess.Loopback && !ClientInfo.IsLoopback(http) ? CommonProblems.NotFound : null);
            if (refusal is null && method == HttpMethods.Post)
            {
                refusal = IsForeign(http, publicUrl) ? CommonProblems.Forbidden : null;
            }

            if (refusal is null && (await FindEnrollingAsync(http) ?? await findCaller(http)) is { } caller)
            {
                http.SetCaller(caller);
                if (caller.PendingId is null)
                {
                    // Binds the antiforgery token to who is signed in: one made before is worth nothing after. Who is on the way in is nobody yet, as on the
                    // sign-in page.
                    http.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", caller.SessionId)], "cookie"));
                }

                if (Viewing.Refuse(http, caller) is { } viewing)
                {
                    refusal = viewing;
                }
                else if (permission is not null && !await isPermitted(caller, permission))
                {
                    refusal = CommonProblems.Forbidden;
                }
                else if (access is PageAccess.RecentlySignedIn or PageAccess.Enrolling && caller.IsViewing)
                {
                    refusal = CommonProblems.ViewingOnly; // nobody confirms in somebody else's name
                }
                else if (access is PageAccess.RecentlySignedIn or PageAccess.Enrolling && caller.PendingId is null && await refuseUnlessRecent(caller) is not null)
                {
                    Detour(http, ConfirmPath, from);
                    return;
                }
            }
            else if (refusal is null && access is PageAccess.SignedIn or PageAccess.RecentlySignedIn or PageAccess.Enrolling)
            {
                Detour(http, LoginPath, from);
                return;
            }

            if (refusal is null && method == HttpMethods.Post)
            {
                refusal = await RefuseFormAsync(http, antiforgery());
            }

            var challenged = http.GetEndpoint()?.Metadata.GetMetadata<Challenged>();
            if (refusal is null && challenged is not null)
            {
                refusal = await refuseUnsolved(http, challenged, (await http.Request.ReadFormAsync(http.RequestAborted))[ChallengedDoors.Field]);
            }

            await (refusal is null ? await deed(http) : new Refusal(refusal)).ExecuteAsync(http);
            limiter.Left(http, limit, whose);
            if (challenged is not null && refusal?.Code != CommonProblems.ChallengeRequired.Code)
            {
                note(http, counts: !limit.OnlyFailures || http.Response.StatusCode >= 400);
            }
        }

        // Before the session: whoever has just proved to be somebody else must not set up a factor for whom the browser knew before.
        async ValueTask<Caller?> FindEnrollingAsync(HttpContext http) =>
            access is PageAccess.Enrolling && stepCookie().Find(http, EnrolmentStep) is { } token ? await findEnrolling(token) : null;
    }

    /// <summary>By way of another page, and back to this one: with 303, since what was posted is not kept.</summary>
    private static void Detour(HttpContext http, string by, string? from)
    {
        var back = HttpMethods.IsPost(http.Request.Method) ? Filled(from, http) : http.Request.Path + http.Request.QueryString;
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = back is null ? by : $"{by}?return_url={Uri.EscapeDataString(back)}";
    }

    private static string? Filled(string? from, HttpContext http) =>
        from is null ? null : http.Request.RouteValues.Aggregate(from, (path, value) => path.Replace($"{{{value.Key}}}", Uri.EscapeDataString(value.Value?.ToString() ?? ""), StringComparison.Ordinal));

    /// <summary>A browser says truthfully where a POST comes from; one that says nothing at all still needs the token.</summary>
    private static bool IsForeign(HttpContext http, PublicUrl publicUrl)
    {
        var site = http.Request.Headers["Sec-Fetch-Site"].ToString();
        var origin = http.Request.Headers.Origin.ToString();
        if (origin == "null")
        {
            // Our own forms say so: under no-referrer, which keeps links' tokens from travelling on, a browser leaves a form's origin out (Fetch section 3.2.4).
            // A sandboxed frame says so too, and there it is cross-site. Only over plain http to another machine is there no such word, and the token alone decides.
            return site != "same-origin" && !(site.Length == 0 && !publicUrl.IsHttps && !publicUrl.Value.IsLoopback);
        }

        return (site.Length > 0 && site is not ("same-origin" or "none")) || (origin.Length > 0 && origin != publicUrl.Text);
    }

    private static async Task<Problem?> RefuseFormAsync(HttpContext http, IAntiforgery antiforgery)
    {
        if (!http.Request.HasFormContentType || !IsUtf8(http.Request))
        {
            return CommonProblems.UnsupportedMediaType;
        }

        if (http.Request.ContentLength > JsonBody.MaxBytes)
        {
            return CommonProblems.BodyTooLarge;
        }

        try
        {
            return await antiforgery.IsRequestValidAsync(http) ? null : PageProblems.FormExpired;
        }
        // The framework wraps what was wrong with the form: too many fields, too long ones, no boundary, a body that ends early or is too long.
        catch (AntiforgeryValidationException fault)
        {
            return fault.InnerException is BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } ? CommonProblems.BodyTooLarge : CommonProblems.MalformedRequest;
        }
    }

    /// <summary>Our pages send UTF-8 and say nothing of it; the framework fails on encodings that .NET has given up, such as UTF-7.</summary>
    private static bool IsUtf8(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    /// <summary>The refusal as a page, whatever the client would rather have.</summary>
    public static IResult Refuse(Problem problem) => new Refusal(problem);

    private sealed class Refusal(Problem problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => httpContext.RequestServices.GetRequiredService<WriteErrorPage>()(httpContext, problem);
    }
}

/// <summary>Writes a refusal as a page.</summary>
public delegate Task WriteErrorPage(HttpContext http, Problem problem);

public static class PageProblems
{
    public static readonly Problem FormExpired = new("form_expired", 400, "The form has expired", "This form is too old or was opened in another window. Please go back, reload the page and try again.");
}
