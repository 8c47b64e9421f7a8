using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Shared;

/// <summary>Draws views as static HTML inside the frame.</summary>
public sealed class Views(Func<IAntiforgery> antiforgery, Flash flash, Branding branding, PageAssets assets, ChallengesInForce challenges, FindFrameName findName, FindAdministration findAdministration)
{
    private static readonly string[] NeverKept = ["password", "password_again", "current_password", "new_password", "new_password_again", "credential", PagesFoundation.TokenField];

    public async Task<IResult> ShowAsync<T>(HttpContext http, object? parameters = null, int status = StatusCodes.Status200OK)
        where T : IComponent
    {
        var values = new Dictionary<string, object?> { ["Frame"] = await FrameAsync(http) };
        foreach (var (name, value) in parameters as IReadOnlyDictionary<string, object?> ?? parameters?.GetType().GetProperties().ToDictionary(property => property.Name, property => property.GetValue(parameters)) ?? [])
        {
            values[name] = value;
        }

        return new Drawing<T>(values, status);
    }

    public async Task<Frame> FrameAsync(HttpContext http) => new(
        Texts.In(Languages.Of(http.Request)), branding, assets, antiforgery().GetAndStoreTokens(http).RequestToken ?? "", flash.Take(http), http.Request.Path.Value ?? "/",
        http.CallerIfAny() is { PendingId: null } caller ? await findName(caller) : null,
        Query: HttpMethods.IsGet(http.Request.Method) ? http.Request.QueryString.Value ?? "" : "",
        AsksForWork: challenges.Any,
        Administration: http.CallerIfAny() is { PendingId: null } administrator ? await findAdministration(administrator) : null,
        IsViewing: http.CallerIfAny() is { IsViewing: true });

    /// <summary>After a POST: another page, which says what was done.</summary>
    public IResult Redirect(HttpContext http, string path, FlashKind kind, string english)
    {
        Tell(http, kind, english);
        return new SeeOther(path);
    }

    /// <summary>For the page that comes next, whichever it is.</summary>
    public void Tell(HttpContext http, FlashKind kind, string english) => flash.Set(http, kind, Texts.In(Languages.Of(http.Request))[english]);

    public static IResult Redirect(string path) => new SeeOther(path);

    /// <summary>What was typed, to be shown again with what is wrong; passwords are not kept.</summary>
    public static FormState Again(HttpContext http, IFormCollection form, Problem problem)
    {
        Answers.SetRetryAfter(http.Response, problem);
        var texts = Texts.In(Languages.Of(http.Request));
        // A browser sends the fields in the order in which they stand.
        var wrong = problem.Errors?.Keys.OrderBy(field => form.Keys.TakeWhile(key => key != field).Count()).FirstOrDefault();
        return new(
            form.Where(field => !NeverKept.Contains(field.Key)).ToDictionary(field => field.Key, field => field.Value.ToString()),
            problem.Errors?.ToDictionary(field => field.Key, IReadOnlyList<string> (field) => [.. field.Value.Select(message => texts[message])]) ?? [],
            problem.Errors is { Count: > 0 } ? null : texts[problem.OnPage?.Detail ?? problem.Detail],
            wrong);
    }

    /// <summary>303, so that a reload does not send the form again, and never 307, which would send a password on (RFC 9700 section 4.12).</summary>
    private sealed class SeeOther(string path) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers.Location = path;
            return Task.CompletedTask;
        }
    }
}

/// <summary>What to call who is signed in.</summary>
public delegate ValueTask<string?> FindFrameName(Caller caller);

/// <summary>The pages of the administration that the caller may open.</summary>
public delegate ValueTask<IReadOnlyList<FramePlace>> FindAdministration(Caller caller);
