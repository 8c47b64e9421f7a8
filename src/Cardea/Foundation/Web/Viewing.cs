using Cardea.Foundation.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Cardea.Foundation.Web;

/// <summary>
/// Whoever views an account as its owner would, looks and changes nothing: every door asks here once it knows its caller. What is allowed is the list,
/// not what is forbidden, so that a door which is made later is shut by being there.
/// </summary>
public static class Viewing
{
    /// <summary>A door that takes something and changes nothing of the account: such as the way out.</summary>
    public static T OpenToViewers<T>(this T door)
        where T : IEndpointConventionBuilder => door.WithMetadata(TakesViewers.Instance);

    /// <summary>A door that only shows something, and something that is its owner's alone.</summary>
    public static T ClosedToViewers<T>(this T door)
        where T : IEndpointConventionBuilder => door.WithMetadata(RefusesViewers.Instance);

    public static Problem? Refuse(HttpContext http, Caller? caller)
    {
        if (caller is not { IsViewing: true })
        {
            return null;
        }

        return IsShut(http.Request.Method, http.GetEndpoint()?.Metadata ?? EndpointMetadataCollection.Empty) ? CommonProblems.ViewingOnly : null;
    }

    /// <summary>Whether who only looks is refused at a door. The API's document asks the same, so that neither forgets a door that the other knows.</summary>
    public static bool IsShut(string method, IEnumerable<object> metadata)
    {
        var isLook = (HttpMethods.IsGet(method) || HttpMethods.IsHead(method)) && !metadata.OfType<RefusesViewers>().Any();
        return !isLook && !metadata.OfType<TakesViewers>().Any();
    }

    private sealed class TakesViewers
    {
        public static readonly TakesViewers Instance = new();
    }

    private sealed class RefusesViewers
    {
        public static readonly RefusesViewers Instance = new();
    }
}
