using System.Reflection;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Health;

public sealed record HealthBody(string Status);

public sealed record AboutBody(string Name, string Status, string Version, string Docs);

internal static class HealthFeature
{
    /// <summary>A <see cref="HealthBody"/>, written out: the first probe after a start doesn't wait until the serializer is ready.</summary>
    private static readonly byte[] Ok = """{"status":"ok"}"""u8.ToArray();

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static string Version { get; } = typeof(HealthFeature).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var database = routes.ServiceProvider.GetRequiredService<Database>();
        var draining = routes.ServiceProvider.GetRequiredService<Draining>();
        var probes = Limit.None("asked by probes, and cheap");
        var findPageCaller = routes.ServiceProvider.GetRequiredService<FindPageCaller>();
        routes.Door("GET", "/", http => StartAsync(http, findPageCaller), Access.Anyone, probes)
            .Says("Health", "What is this?")
            .Gives(StatusCodes.Status200OK, typeof(AboutBody));
        routes.Door("GET", "/health", _ => Task.FromResult(Answers.Written(Ok)), Access.Anyone, probes)
            .Says("Health", "Does the process answer?")
            .Gives(StatusCodes.Status200OK, typeof(HealthBody));
        routes.Door("GET", "/health/ready", http => ReadyAsync(database, draining, http.RequestAborted), Access.Anyone, probes)
            .Says("Health", "Can it serve?", "Asks the database. 503 while that does not answer or only reads, and from the moment on that the server was told to stop.")
            .Gives(StatusCodes.Status200OK, typeof(HealthBody))
            .Refuses(CommonProblems.Unavailable, CommonProblems.Stopping);
    }

    /// <summary>A program is told what this is; a person goes on to a page.</summary>
    private static async Task<IResult> StartAsync(HttpContext http, FindPageCaller findPageCaller)
    {
        http.Response.Headers.Vary = "Accept";
        return Accepts.PrefersHtml(http.Request)
            ? Results.Redirect(await findPageCaller(http) is null ? PageDoors.LoginPath : "/dashboard")
            : Answers.Json(new AboutBody("Cardea", "ok", Version, "/docs"));
    }

    private static async Task<IResult> ReadyAsync(Database database, Draining draining, CancellationToken aborted)
    {
        if (draining.HasBegun)
        {
            return Answers.Problem(CommonProblems.Stopping);
        }

        try
        {
            await database.PingAsync(aborted).WaitAsync(Patience, aborted);
            return Answers.Written(Ok);
        }
        catch (Exception fault) when (Dialect.IsOutage(fault))
        {
            return Answers.Problem(CommonProblems.Unavailable);
        }
    }
}
