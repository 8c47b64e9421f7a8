using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Microsoft.AspNetCore.Http;

namespace Cardea.Foundation.Web;

/// <summary>Finds whose device sends a request, by what it keeps since it has signed in; null for one that nobody knows.</summary>
public delegate ValueTask<string?> FindKnownDevice(HttpContext http);

/// <summary>
/// Holds a door's <see cref="Limit"/>. Behind one address there can be many people, and behind a proxy that was not declared all of them: when the failures of an address
/// are used up, whoever has a session or a device that signed in here before is counted by account instead. So neighbours shut out strangers at most.
/// </summary>
public sealed class DoorLimiter(RequestLimiter limiter, FindCaller findCaller, FindPageCaller findPageCaller, FindKnownDevice findKnownDevice)
{
    /// <returns>The refusal, or null; and on whom a failure is to be counted.</returns>
    public async ValueTask<(Problem? Refusal, string Whose)> EnterAsync(HttpContext http, Limit limit)
    {
        var address = limit.IsNone ? "" : ClientInfo.GroupOf(http);
        if (limiter.Enter(limit, address) is not { } refusal)
        {
            return (null, address);
        }

        if (!limit.OnlyFailures || await FindAccountAsync(http) is not { } accountId)
        {
            return (refusal, address);
        }

        var whose = "account " + accountId;
        return (limiter.Enter(limit, whose), whose);
    }

    public void Left(HttpContext http, Limit limit, string whose)
    {
        if (http.Response.StatusCode is >= 400 and < 500)
        {
            limiter.Failed(limit, whose);
        }
    }

    private async ValueTask<string?> FindAccountAsync(HttpContext http)
    {
        var caller = http.Request.Headers.Authorization.Count > 0 ? (await findCaller(http)).Caller : await findPageCaller(http);
        return caller is null ? await findKnownDevice(http) : caller.ActorId ?? caller.AccountId;
    }
}
