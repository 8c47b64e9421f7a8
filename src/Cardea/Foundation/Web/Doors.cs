using Cardea.Foundation.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Foundation.Web;

/// <summary>
/// Maps a JSON door. A route can't be made without saying who may call it and how often: both are asked before the deed, and the deed
/// reads the body.
/// </summary>
public static class Doors
{
    /// <summary>A door for who holds a permission.</summary>
    public static IEndpointConventionBuilder Door(
        this IEndpointRouteBuilder routes, string method, string path, Func<HttpContext, Task<IResult>> deed, Permission permission, Limit limit) =>
        routes.Door(method, path, deed, Access.Administrator, limit, permission).WithMetadata(permission);

    public static IEndpointConventionBuilder Door(
        this IEndpointRouteBuilder routes, string method, string path, Func<HttpContext, Task<IResult>> deed, Access access, Limit limit) =>
        routes.Door(method, path, deed, access, limit, null);

    private static IEndpointConventionBuilder Door(
        this IEndpointRouteBuilder routes, string method, string path, Func<HttpContext, Task<IResult>> deed, Access access, Limit limit, Permission? permission)
    {
        var limiter = routes.ServiceProvider.GetRequiredService<RequestLimiter>();
        var admission = routes.ServiceProvider.GetRequiredService<Admission>();
        var (refuseUnsolved, note) = (routes.ServiceProvider.GetRequiredService<RefuseUnsolved>(), routes.ServiceProvider.GetRequiredService<NoteChallenged>());
        return routes.MapMethods(path, [method], (RequestDelegate)EnterAsync).WithMetadata(access, limit, deed.Method);

        async Task EnterAsync(HttpContext http)
        {
            var address = limit.IsNone ? "" : ClientInfo.GroupOf(http);
            var challenged = http.GetEndpoint()?.Metadata.GetMetadata<Challenged>();
            var refusal = limiter.Enter(limit, address)
                ?? (challenged is null ? null : await refuseUnsolved(http, challenged, http.Request.Headers[ChallengedDoors.Header]))
                ?? await admission.AdmitAsync(http, access, permission);
            if (refusal is not null)
            {
                await Answers.WriteAsync(http, refusal);
            }
            else
            {
                await (await deed(http)).ExecuteAsync(http);
            }

            if (http.Response.StatusCode is >= 400 and < 500)
            {
                limiter.Failed(limit, address);
            }

            if (challenged is not null && refusal?.Code != CommonProblems.ChallengeRequired.Code)
            {
                note(http, counts: !limit.OnlyFailures || http.Response.StatusCode >= 400);
            }
        }
    }

    /// <summary>The body that the door reads, with an example that a person can send as it is.</summary>
    public static T Takes<T>(this T door, object example)
        where T : IEndpointConventionBuilder => door.WithMetadata(new AcceptsMetadata(["application/json"], example.GetType()), new BodyExample(example));

    /// <summary>The door reads no body, and says so.</summary>
    public static T TakesNothing<T>(this T door)
        where T : IEndpointConventionBuilder => door.WithMetadata(NoBody.Instance);

    /// <summary>A value that the door reads from the query.</summary>
    public static T Asks<T>(this T door, string name, string description)
        where T : IEndpointConventionBuilder => door.WithMetadata(new QueryValue(name, description));

    public static T Gives<T>(this T door, int status, Type body)
        where T : IEndpointConventionBuilder => door.WithMetadata(new ProducesResponseTypeMetadata(status, body, ["application/json"]));

    /// <summary>The refusals that are this door's own; those that every door can give are added by the document.</summary>
    public static T Refuses<T>(this T door, params Problem[] problems)
        where T : IEndpointConventionBuilder
    {
        foreach (var status in problems.GroupBy(problem => problem.Status))
        {
            door.WithMetadata(new ProducesResponseTypeMetadata(status.Key, typeof(ProblemBody), ["application/problem+json"]), new Refusals(status.Key, [.. status.Select(problem => problem.Code)]));
        }

        return door;
    }

    public static T Says<T>(this T door, string tag, string summary, string? description = null)
        where T : IEndpointConventionBuilder
    {
        door.WithMetadata(new EndpointSummaryAttribute(summary), new TagsAttribute(tag));
        return description is null ? door : door.WithMetadata(new EndpointDescriptionAttribute(description));
    }
}

/// <summary>Metadata of a door: what may be sent to it, as an example.</summary>
public sealed record BodyExample(object Value);

/// <summary>Metadata of a door that reads no body.</summary>
public sealed record NoBody
{
    public static readonly NoBody Instance = new();
}

/// <summary>Metadata of a door: what may stand in the query.</summary>
public sealed record QueryValue(string Name, string Description);

/// <summary>Metadata of a door: the codes of its refusals at one status.</summary>
public sealed record Refusals(int Status, IReadOnlyList<string> Codes);
