using Cardea.Features.Accounts;
using Cardea.Features.Mail;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.MagicLinks;

/// <summary>The browser door to mailed links. Opening one shows whose it is and from where it was asked for; the click on the page signs in.</summary>
public sealed class MagicLinksPages(
    Database database, MagicLinkSignIn signIn, PageSignIn pageSignIn, MailRequests requests, IEnumerable<MailRequestKind> kinds, DeviceCookie deviceCookie, Views views)
{
    private readonly MailRequestKind _kind = kinds.Single(kind => kind.Name == MagicLinksEndpoints.Kind);

    public async Task<IResult> ShowAsync(HttpContext http)
    {
        if (http.Request.Query["token"].ToString() is { Length: > 0 and <= 128 } token)
        {
            return await ShowLinkAsync(http, token, FormState.Empty);
        }

        return http.CallerIfAny() is not null ? Views.Redirect(PageSignIn.Home) : await views.ShowAsync<LinkPage>(http);
    }

    public async Task<IResult> AskAsync(HttpContext http, IFormCollection form)
    {
        if (!Email.TryParse(form["email"].ToString().Trim(), out var email))
        {
            return await views.ShowAsync<LinkPage>(http, new { State = Views.Again(http, form, FieldErrors.One("email", Wording.EmailNeeded)) }, StatusCodes.Status400BadRequest);
        }

        await database.WriteAsync(transaction => requests.AskAsync(transaction, _kind, new(email.Text, ClientInfo.Of(http))));
        return await views.ShowAsync<LinkPage>(http, new { IsSent = true });
    }

    public async Task<IResult> SignInAsync(HttpContext http, IFormCollection form)
    {
        var token = form["token"].ToString();
        var outcome = await signIn.SignInAsync(token, new(deviceCookie.Client(http), form["replace"] == "true", ForPages: true));
        if (await pageSignIn.GoOnAsync(http, outcome, null) is { } next)
        {
            return next;
        }

        var problem = ((SignInOutcome.Refused)outcome).Problem;
        return await ShowLinkAsync(http, token, Views.Again(http, form, problem), problem.Status, isSessionActive: problem.Code == SignInProblems.SessionActive.Code);
    }

    /// <summary>A link that is not valid any more leads to a new one; what was refused for another reason says so.</summary>
    private async Task<IResult> ShowLinkAsync(HttpContext http, string token, FormState state, int status = StatusCodes.Status200OK, bool isSessionActive = false) =>
        await signIn.LookAsync(token) is { } asked
            ? await views.ShowAsync<LinkPage>(http, new { Token = token, AskedFor = MailNames.MaskEmail(asked.Email), asked.Address, asked.UserAgent, State = state, IsSessionActive = isSessionActive }, status)
            : await views.ShowAsync<LinkPage>(http, new { State = state, IsOver = state == FormState.Empty }, status);
}
