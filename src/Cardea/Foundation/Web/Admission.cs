using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Microsoft.AspNetCore.Http;

namespace Cardea.Foundation.Web;

/// <summary>Holds a JSON door's <see cref="Access"/>. The rooms that know callers say who they are; this says who may pass.</summary>
public sealed class Admission(
    FindCaller findCaller, FindPageCaller findPageCaller, FindEnrollingCaller findEnrolling, RefuseUnlessRecent refuseUnlessRecent, IsPermitted isPermitted, PublicUrl publicUrl)
{
    private const string Scheme = "Bearer ";

    public async ValueTask<Problem?> AdmitAsync(HttpContext http, Access access, Permission? permission)
    {
        switch (access)
        {
            case Access.Anyone:
                // Whoever shows the token of a viewing does nothing else by it either, such as asking for a mail in its owner's name.
                return http.Request.Headers.Authorization.Count > 0 && (await findCaller(http)).Caller is { IsViewing: true } viewer ? Viewing.Refuse(http, viewer) : null;
            case Access.Loopback:
                return ClientInfo.IsLoopback(http) ? null : CommonProblems.NotFound;
            case Access.Administrator:
                return await AdmitAdministratorAsync(http, permission!);
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
                if (Viewing.Refuse(http, caller) is { } viewing)
                {
                    return viewing;
                }

                return access is Access.Bearer || caller.PendingId is not null ? null : await refuseUnlessRecent(caller);
        }
    }

    private async ValueTask<Problem?> AdmitAdministratorAsync(HttpContext http, Permission permission)
    {
        var isChange = !HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method);
        Caller? caller;
        if (http.Request.Headers.Authorization.Count > 0)
        {
            (caller, _) = await findCaller(http);
        }
        else
        {
            // A cookie travels by itself: what changes something must come from a page of ours, or from no browser at all.
            caller = await findPageCaller(http);
            if (caller is not null && isChange && !IsOurs(http))
            {
                return CommonProblems.Forbidden;
            }
        }

        if (caller is null)
        {
            return CommonProblems.Unauthorized;
        }

        if (Viewing.Refuse(http, caller) is { } viewing)
        {
            return viewing;
        }

        if (!await isPermitted(caller, permission))
        {
            return CommonProblems.Forbidden;
        }

        http.SetCaller(caller);
        return isChange ? await refuseUnlessRecent(caller) : null;
    }

    /// <summary>Browsers say where a change comes from. What says nothing is a program that was given the cookie, unless it sends what a form would.</summary>
    private bool IsOurs(HttpContext http)
    {
        var headers = http.Request.Headers;
        return headers.TryGetValue("Sec-Fetch-Site", out var site) ? site == "same-origin"
            : headers.TryGetValue("Origin", out var origin) ? origin == publicUrl.Text
            : headers.ContentType.Count == 0 || JsonBody.IsJson(http.Request);
    }

    private static string? TokenOf(HttpContext http) =>
        http.Request.Headers.Authorization is [{ } value] && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..] : null;
}
