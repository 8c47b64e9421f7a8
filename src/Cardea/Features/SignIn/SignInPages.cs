using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.SignIn;

/// <summary>The way out of the pages.</summary>
public sealed class SignInPages(SignOut signOut, SessionCookie cookie, Views views)
{
    public Task<IResult> AskAsync(HttpContext http) =>
        http.CallerIfAny() is null ? Task.FromResult(Views.Redirect(PageDoors.LoginPath)) : views.ShowAsync<SignOutPage>(http);

    public async Task<IResult> SignOutAsync(HttpContext http, IFormCollection form)
    {
        // Whoever views somebody's account signs themselves out: the viewing ends with it.
        if (await cookie.FindOwnAsync(http) is { } caller)
        {
            await signOut.RunAsync(caller, ClientInfo.Of(http));
        }

        cookie.Clear(http);
        http.Response.Headers["Clear-Site-Data"] = "\"cache\"";
        return views.Redirect(http, PageDoors.LoginPath, FlashKind.Success, "You are signed out.");
    }
}
