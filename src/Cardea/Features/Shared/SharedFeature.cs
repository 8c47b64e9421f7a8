using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Shared;

internal static class SharedFeature
{
    public static void AddShared(this IServiceCollection services, SettingsReader settings)
    {
        services.AddSingleton(Branding.Read(settings));
        services.AddSingleton<PageAssets>();
        services.AddSingleton<Views>();
        services.AddSingleton<WriteErrorPage>(provider => (http, problem) => WriteErrorAsync(http, problem, provider.GetRequiredService<Branding>(), provider.GetRequiredService<PageAssets>()));
    }

    public static void MapShared(this IEndpointRouteBuilder routes)
    {
        var assets = routes.ServiceProvider.GetRequiredService<PageAssets>();
        routes.Door("GET", PageAssets.Path + "{name}", http => Task.FromResult(Serve(http, assets)), Access.Anyone, Limit.None("static, from memory"))
            .ExcludeFromDescription();
        routes.MapOldPaths();
        routes.Form("/language", (http, form) => Task.FromResult(ChooseLanguage(http, form)), PageAccess.Anyone, Limit.None("sets a cookie")).OpenToViewers();
    }

    private static IResult Serve(HttpContext http, PageAssets assets)
    {
        if (assets.Find(http.Request.RouteValues["name"]?.ToString() ?? "") is not { } asset)
        {
            return Answers.Problem(CommonProblems.NotFound);
        }

        http.Response.Headers.CacheControl = http.Request.Query["v"] == asset.Version ? "public, max-age=31536000, immutable" : "public, max-age=300";
        return Results.Bytes(asset.Content, asset.Type, entityTag: new Microsoft.Net.Http.Headers.EntityTagHeaderValue($"\"{asset.Version}\""));
    }

    private static IResult ChooseLanguage(HttpContext http, IFormCollection form)
    {
        if (Languages.All.Contains(form["language"].ToString()))
        {
            http.Response.Cookies.Append(Languages.Cookie, form["language"].ToString(), new CookieOptions
            {
                HttpOnly = true,
                Secure = http.Request.IsHttps,
                SameSite = SameSiteMode.Lax,
                Path = "/",
                MaxAge = TimeSpan.FromDays(365),
                IsEssential = true,
            });
        }

        return Views.Redirect(ReturnUrl.Local(form["return_url"]) ?? "/");
    }

    /// <summary>Needs neither database nor cookie: it is shown when these are what is broken.</summary>
    private static async Task WriteErrorAsync(HttpContext http, Problem problem, Branding branding, PageAssets assets)
    {
        http.Response.Headers.ContentSecurityPolicy = PageDoors.Policy;
        Answers.SetRetryAfter(http.Response, problem);
        var frame = new Frame(Texts.In(Languages.Of(http.Request)), branding, assets, "", null, http.Request.Path.Value ?? "/", null, HasScript: false, IsViewing: http.CallerIfAny() is { IsViewing: true });
        var (title, detail) = problem.OnPage ?? (problem.Title, problem.Detail);
        await new Drawing<ErrorPage>(new Dictionary<string, object?>
        {
            ["Frame"] = frame,
            ["Title"] = title,
            ["Detail"] = detail,
            ["Status"] = problem.Status,
            ["RequestId"] = http.TraceIdentifier,
        }, problem.Status).ExecuteAsync(http);
    }
}
