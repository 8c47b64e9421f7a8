using Cardea.Foundation.Problems;
using Microsoft.AspNetCore.Http;

namespace Cardea.Foundation.Web;

/// <summary>Who is calling: what the door learned before it let the request in.</summary>
/// <param name="SessionId">Empty for a sign-in that is not finished.</param>
/// <param name="PendingId">The half-finished sign-in that may only set up a second factor; null for a living session.</param>
/// <param name="ActorId">The administrator who views this account as its owner would; null when it is the owner.</param>
public sealed record Caller(string AccountId, string SessionId, string? PendingId = null, string? ActorId = null)
{
    /// <summary>Somebody who looks at an account that is not theirs, by what an administrator may be allowed.</summary>
    public bool IsViewing => ActorId is not null;
}

/// <summary>Finds the caller of a request, or the refusal. The room that issues tokens is the one that knows.</summary>
public delegate ValueTask<(Caller? Caller, Problem? Refusal)> FindCaller(HttpContext http);

/// <summary>Finds the half-finished sign-in that must set up a second factor, by its token; null when it is none.</summary>
public delegate ValueTask<Caller?> FindEnrollingCaller(string token);

/// <summary>Refuses what changes how one signs in to a session whose owner has not proved lately who they are.</summary>
public delegate ValueTask<Problem?> RefuseUnlessRecent(Caller caller);

public static class CallerOfRequest
{
    private static readonly object Key = new();

    /// <summary>The caller of a door that is not open to anyone; elsewhere asking is a bug.</summary>
    public static Caller Caller(this HttpContext http) => (Caller)http.Items[Key]!;

    /// <summary>The caller where one is welcome but not needed.</summary>
    public static Caller? CallerIfAny(this HttpContext http) => http.Items.TryGetValue(Key, out var caller) ? (Caller?)caller : null;

    internal static void SetCaller(this HttpContext http, Caller caller) => http.Items[Key] = caller;
}
