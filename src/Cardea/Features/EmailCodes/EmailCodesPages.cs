using Cardea.Features.Accounts;
using Cardea.Features.Mail;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.EmailCodes;

/// <summary>The browser door to mailed codes. What was asked for here works in this browser only; for whom, the browser keeps in a sealed cookie.</summary>
public sealed class EmailCodesPages(
    Database database, EmailCodeSignIn signIn, PageSignIn pageSignIn, MailRequests requests, IEnumerable<MailRequestKind> kinds, DeviceCookie deviceCookie, BrowserBinding binding, StepCookie steps, Views views)
{
    public const string Path = "/login/code";

    private const string Step = "mailed-code";

    /// <summary>Longer than a code lives: whoever types one too late is told so, and is asked nothing twice.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(30);

    private readonly MailRequestKind _kind = kinds.Single(kind => kind.Name == EmailCodesEndpoints.Kind);

    public Task<IResult> ShowAsync(HttpContext http)
    {
        var (returnTo, asked) = (ReturnUrl.Local(http.Request.Query["return_url"]), Asked(http));
        return http.CallerIfAny() is not null ? Task.FromResult(Views.Redirect(returnTo ?? PageSignIn.Home))
            : http.Request.Query.ContainsKey("return_url") || http.Request.Query.ContainsKey("anew") ? ShowAsync(http, null, returnTo, FormState.Empty)
            : ShowAsync(http, asked?.Email, asked?.ReturnTo, FormState.Empty);
    }

    public async Task<IResult> AskAsync(HttpContext http, IFormCollection form)
    {
        var returnTo = ReturnUrl.Local(form["return_url"]);
        if (!Email.TryParse(form["email"].ToString().Trim(), out var email))
        {
            return await ShowAsync(http, null, returnTo, Views.Again(http, form, FieldErrors.One("email", Wording.EmailNeeded)), StatusCodes.Status400BadRequest);
        }

        var client = binding.Ask(http);
        steps.Set(http, Step, $"{email.Text}\n{returnTo}", Kept);
        await database.WriteAsync(transaction => requests.AskAsync(transaction, _kind, new(email.Text, client)));
        return views.Redirect(http, Path, FlashKind.Notice, "If this address has an account, a mail with six digits is on its way.");
    }

    public async Task<IResult> SignInAsync(HttpContext http, IFormCollection form)
    {
        if (Asked(http) is not ({ } typed, var returnTo) || !Email.TryParse(typed, out var email))
        {
            return views.Redirect(http, Path, FlashKind.Error, "Please ask for a new code: this one was not asked for in this browser, or too long ago.");
        }

        var code = EmailCodeSignIn.Plain(form["code"].ToString())!;
        if (code.Length != 6)
        {
            return await ShowAsync(http, typed, returnTo, Views.Again(http, form, FieldErrors.One("code", "The code has six digits.")), StatusCodes.Status400BadRequest);
        }

        var outcome = await signIn.SignInAsync(email, code, new(binding.Answer(http, deviceCookie.Client(http)), form["replace"] == "true", ForPages: true));
        if (await pageSignIn.GoOnAsync(http, outcome, returnTo) is { } next)
        {
            steps.Clear(http, Step);
            return next;
        }

        var problem = ((SignInOutcome.Refused)outcome).Problem;
        var (again, isSessionActive) = (Views.Again(http, form, problem), problem.Code == SignInProblems.SessionActive.Code);
        // A code that was refused is not shown again; one that still works is.
        return await ShowAsync(http, typed, returnTo, isSessionActive ? again : again with { Typed = FormState.Empty.Typed }, problem.Status, isSessionActive);
    }

    private (string Email, string? ReturnTo)? Asked(HttpContext http) => steps.Find(http, Step)?.Split('\n') is [{ } email, { } returnTo] ? (email, ReturnUrl.Local(returnTo)) : null;

    private Task<IResult> ShowAsync(HttpContext http, string? email, string? returnTo, FormState state, int status = StatusCodes.Status200OK, bool isSessionActive = false) =>
        views.ShowAsync<CodePage>(http, new { Email = email, ReturnTo = returnTo, State = state, IsSessionActive = isSessionActive }, status);
}
