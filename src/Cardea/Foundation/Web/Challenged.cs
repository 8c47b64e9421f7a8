using Cardea.Foundation.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Cardea.Foundation.Web;

/// <summary>Metadata of a door that may ask for a proof of work before it looks at anything.</summary>
/// <param name="Purpose">What the work is done for: work for one purpose is nothing to another. Siblings, such as a page and its JSON door, share one.</param>
public sealed record Challenged(string Purpose);

/// <summary>Asks for a proof of work where one is due; null lets the request in. The solution is what the client sent with it, if anything.</summary>
public delegate ValueTask<Problem?> RefuseUnsolved(HttpContext http, Challenged challenged, string? solution);

/// <summary>Hears what came of each request that was let in at a challenged door.</summary>
public delegate void NoteChallenged(HttpContext http, bool counts);

/// <summary>Whether pages prepare for being asked at all.</summary>
public sealed record ChallengesInForce(bool Any);

public static class ChallengedDoors
{
    /// <summary>Where a JSON client puts <c>challenge.nonce</c>.</summary>
    public const string Header = "Cardea-Challenge";

    /// <summary>Where a page's script puts it.</summary>
    public const string Field = "_challenge";

    public static T Challenged<T>(this T door, string purpose)
        where T : IEndpointConventionBuilder => door.WithMetadata(new Challenged(purpose));
}
