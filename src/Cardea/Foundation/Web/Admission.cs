using Cardea.Foundation.Problems;
using Microsoft.AspNetCore.Http;

namespace Cardea.Foundation.Web;

/// <summary>Holds a JSON door's <see cref="Access"/>. The rooms that know callers say who they are; this says who may pass.</summary>
public sealed class Admission(FindCaller findCaller, FindEnrollingCaller findEnrolling, RefuseUnlessRecent refuseUnlessRecent)
{
    private const string Scheme = "Bearer ";

    public async ValueTask<Problem?> AdmitAsync(HttpContext http, Access access)
    {
        switch (access)
        {
            case Access.Anyone:
                return null;
            case Access.Loopback:
                return ClientInfo.IsLoopback(http) ? null : CommonProblems.NotFound;
            default:
                var (caller, refusal) = await findCaller(http);
                if (caller is null && access is Access.Enrolling && TokenOf(http) is { } token)
                {
                    caller = await findEnrolling(token);
                }

                if (caller is null)
                {
                    return refusal ?? CommonProblems.Unauthorized;
                }

                http.SetCaller(caller);
                return access is Access.Bearer || caller.PendingId is not null ? null : await refuseUnlessRecent(caller);
        }
    }

    private static string? TokenOf(HttpContext http) =>
        http.Request.Headers.Authorization is [{ } value] && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..] : null;
}
