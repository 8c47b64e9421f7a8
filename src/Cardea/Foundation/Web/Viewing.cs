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

        var metadata = http.GetEndpoint()?.Metadata;
        var isLook = (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)) && metadata?.GetMetadata<RefusesViewers>() is null;
        return isLook || metadata?.GetMetadata<TakesViewers>() is not null ? null : CommonProblems.ViewingOnly;
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
