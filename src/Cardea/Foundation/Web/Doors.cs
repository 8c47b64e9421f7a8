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
        var limiter = routes.ServiceProvider.GetRequiredService<DoorLimiter>();
        var admission = routes.ServiceProvider.GetRequiredService<Admission>();
        var (refuseUnsolved, note) = (routes.ServiceProvider.GetRequiredService<RefuseUnsolved>(), routes.ServiceProvider.GetRequiredService<NoteChallenged>());
        string[] methods = method == HttpMethods.Get ? [HttpMethods.Get, HttpMethods.Head] : [method];
        return routes.MapMethods(path, methods, (RequestDelegate)EnterAsync).WithMetadata(access, limit, deed.Method);

        async Task EnterAsync(HttpContext http)
        {
            var challenged = http.GetEndpoint()?.Metadata.GetMetadata<Challenged>();
            var (refusal, whose) = await limiter.EnterAsync(http, limit);
            refusal ??= (challenged is null ? null : await refuseUnsolved(http, challenged, http.Request.Headers[ChallengedDoors.Header]))
                ?? await admission.AdmitAsync(http, access, permission)
                ?? (method == HttpMethods.Get || http.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is not null ? null : await JsonBody.RefuseAnyAsync(http));
            if (refusal is not null)
            {
                await Answers.WriteAsync(http, refusal);
            }
            else
            {
                await (await deed(http)).ExecuteAsync(http);
            }

            limiter.Left(http, limit, whose);
            if (challenged is not null && refusal?.Code != CommonProblems.ChallengeRequired.Code)
            {
                note(http, counts: !limit.OnlyFailures || http.Response.StatusCode >= 400);
            }
        }
    }

    /// <summary>The body that the door reads, with an example that a person can send as it is.</summary>
    /// <param name="door">The door.</param>
    /// <param name="example">What a person can send as it is.</param>
    /// <param name="optional">Whether the door may be used without any body.</param>
    public static T Takes<T>(this T door, object example, bool optional = false)
        where T : IEndpointConventionBuilder => door.WithMetadata(new AcceptsMetadata(["application/json"], example.GetType(), optional), new BodyExample(example));

    /// <summary>The document says that the door needs no body; one that is sent must have no member, as at every door that doesn't say what it takes.</summary>
    public static T TakesNothing<T>(this T door)
        where T : IEndpointConventionBuilder => door.WithMetadata(NoBody.Instance);

    /// <summary>A value that the door reads from the query.</summary>
    /// <param name="door">The door.</param>
    /// <param name="name">As it stands in the query.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="choices">All that it may be; none where it may be any text.</param>
    public static T Asks<T>(this T door, string name, string description, params IReadOnlyList<string> choices)
        where T : IEndpointConventionBuilder => door.WithMetadata(new QueryValue(name, description) { Choices = choices });

    /// <summary>A whole number that the door reads from the query.</summary>
    public static T AsksNumber<T>(this T door, string name, string description, int least, int most)
        where T : IEndpointConventionBuilder => door.WithMetadata(new QueryValue(name, description) { Range = (least, most) });

    public static T Gives<T>(this T door, int status, Type body, string contentType = "application/json")
        where T : IEndpointConventionBuilder => door.WithMetadata(new ProducesResponseTypeMetadata(status, body, [contentType]));

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
public sealed record QueryValue(string Name, string Description)
{
    /// <summary>All that it may be; none where it may be any text.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The least and the most where it is a whole number.</summary>
    public (int Least, int Most)? Range { get; init; }
}

/// <summary>The members without which a body is refused. In the types all are optional, so that what is missing becomes a field error; the document says what is so.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class NeedsAttribute(params string[] members) : Attribute
{
    public IReadOnlyList<string> Members { get; } = members;
}

/// <summary>Metadata of a door: the codes of its refusals at one status.</summary>
public sealed record Refusals(int Status, IReadOnlyList<string> Codes);
