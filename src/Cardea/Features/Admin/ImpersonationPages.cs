using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Admin;

/// <summary>The browser door to viewing as somebody else: a second cookie beside the administrator's own, and the way back.</summary>
public sealed class ImpersonationPages(Impersonation impersonation, SessionCookie cookie, Views views)
{
    public const string StopPath = "/stop-viewing";

    public async Task<IResult> BeginAsync(HttpContext http, IFormCollection form)
    {
        var (begun, refusal) = await impersonation.BeginAsync(http.Caller(), (string)http.Request.RouteValues["id"]!, forPages: true, AdminAccountsEndpoints.By(http));
        if (begun is null)
        {
            return PageDoors.Refuse(refusal!);
        }

        cookie.SetViewing(http, begun.Session.Id, begun.CookieSecret!, Impersonation.Longest);
        return Views.Redirect("/dashboard");
    }

    /// <summary>For pages that hold no form, such as that of a refusal.</summary>
    public Task<IResult> AskAsync(HttpContext http) =>
        http.CallerIfAny() is { IsViewing: true } ? views.ShowAsync<StopViewingPage>(http) : Task.FromResult(Views.Redirect("/"));

    public async Task<IResult> StopAsync(HttpContext http, IFormCollection form)
    {
        cookie.ClearViewing(http);
        if (http.CallerIfAny() is not { IsViewing: true } viewer)
        {
            return Views.Redirect("/"); // it was over already
        }

        await impersonation.EndAsync(viewer, ClientInfo.Of(http));
        return views.Redirect(http, $"{AdminUsersPages.Path}/{viewer.AccountId}", FlashKind.Success, "You are yourself again.");
    }
}
