using Cardea.Features.Accounts;
using Cardea.Features.Mail;
using Cardea.Features.SecondSteps;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Passwords;

/// <summary>The browser door to passwords: the same deeds as the JSON door, shown as pages.</summary>
public sealed class PasswordsPages(
    Database database, PasswordsOptions options, AccountsOptions accountsOptions, PasswordSignUp signUp, PasswordSignIn signIn, PageSignIn pageSignIn, PasswordReset reset, PasswordChange change,
    PasswordInput input, MailRequests requests, IEnumerable<MailRequestKind> kinds, DeviceCookie deviceCookie, SessionCookie sessionCookie, BrowserBinding binding, StepCookie steps, IEnumerable<SignInWay> ways, IEnumerable<SignInPart> parts, IEnumerable<SecurityEntry> entries, AccountDirectory directory, Views views)
{
    /// <summary>Holds the one-use token between a sign-in with a password that must be another now, and the page that sets it.</summary>
    public const string ChangeStep = "password-change";

    private readonly MailRequestKind _resetKind = kinds.Single(kind => kind.Name == PasswordsEndpoints.ResetKind);

    public Task<IResult> LoginAsync(HttpContext http)
    {
        var returnTo = ReturnUrl.Local(http.Request.Query["return_url"]);
        return http.CallerIfAny() is not null
            ? Task.FromResult(Views.Redirect(returnTo ?? PageSignIn.Home))
            : views.ShowAsync<LoginPage>(http, new { ReturnTo = returnTo, SignUpEnabled = accountsOptions.SignUpEnabled, Ways = ways, Parts = parts });
    }

    public async Task<IResult> SignInAsync(HttpContext http, IFormCollection form)
    {
        var returnTo = ReturnUrl.Local(form["return_url"]);
        var errors = new FieldErrors();
        if (!LoginName.TryParse(form["login"].ToString().Trim(), out var name))
        {
            errors.Add("login", "Enter your e-mail address or username.");
        }

        if (!PlainPassword.TryParse(form["password"], out var password))
        {
            errors.Add("password", "Enter the password.");
        }

        if (errors.Any)
        {
            return await ShowLoginAsync(http, form, errors.ToProblem(), returnTo);
        }

        var outcome = await signIn.SignInAsync(name!, password!, new(deviceCookie.Client(http), form["replace"] == "true", ForPages: true), http.RequestAborted);
        return await pageSignIn.GoOnAsync(http, outcome, returnTo) ?? await ShowLoginAsync(http, form, ((SignInOutcome.Refused)outcome).Problem, returnTo);
    }

    public Task<IResult> RegisterAsync(HttpContext http) => views.ShowAsync<RegisterPage>(http, new { options.MinimumLength });

    public async Task<IResult> SignUpAsync(HttpContext http, IFormCollection form)
    {
        var errors = new FieldErrors();
        string? Given(string field) => form[field].ToString().Trim() is { Length: > 0 } text ? text : null;
        var (account, busy) = await input.ParseAsync(
            new SignUpRequest(Given("email"), form["password"], Given("username"), Given("given_name"), Given("family_name")), errors, ClientInfo.Of(http));
        CheckSame(form, "password", errors);
        if (errors.Any || busy is not null)
        {
            var problem = busy ?? errors.ToProblem();
            return await views.ShowAsync<RegisterPage>(http, new { State = Views.Again(http, form, problem), options.MinimumLength }, problem.Status);
        }

        var (_, refusal) = await signUp.SignUpAsync(account!, binding.Ask(http));
        return refusal is null
            ? views.Redirect(http, PageDoors.LoginPath, FlashKind.Success, "The account was created. Please confirm your e-mail address: a mail is on its way.")
            : await views.ShowAsync<RegisterPage>(http, new { State = Views.Again(http, form, AtItsField(refusal)), options.MinimumLength }, refusal.Status);
    }

    public Task<IResult> ForgotAsync(HttpContext http) => views.ShowAsync<ForgotPage>(http);

    public async Task<IResult> AskAsync(HttpContext http, IFormCollection form)
    {
        if (!LoginName.TryParse(form["login"].ToString().Trim(), out var name))
        {
            var problem = FieldErrors.One("login", "Enter your e-mail address or username.");
            return await views.ShowAsync<ForgotPage>(http, new { State = Views.Again(http, form, problem) }, StatusCodes.Status400BadRequest);
        }

        var client = binding.Ask(http);
        steps.Clear(http, ChangeStep); // who asks anew wants to be asked for what is mailed now
        await database.WriteAsync(transaction => requests.AskAsync(transaction, _resetKind, new(name.Text, client)));
        return await views.ShowAsync<ForgotPage>(http, new { IsSent = true, Method = options.Recovery });
    }

    /// <summary>Opening the link uses nothing up, so that a mail scanner may open it first.</summary>
    public Task<IResult> ResetAsync(HttpContext http)
    {
        var token = http.Request.Query["token"].ToString() is { Length: > 0 and <= 128 } given ? given : null;
        return ShowResetAsync(http, token, token is null && steps.Find(http, ChangeStep) is not null, FormState.Empty);
    }

    public async Task<IResult> SetAsync(HttpContext http, IFormCollection form)
    {
        var given = form["token"].ToString() is { Length: > 0 and <= 128 } ofLink ? ofLink : null;
        var held = given is null && !form.ContainsKey("code") ? steps.Find(http, ChangeStep) : null;
        var token = given ?? held;
        var errors = new FieldErrors();
        CheckSame(form, "password", errors);
        Email email = default;
        var code = form["code"].ToString().Trim();
        if (token is null)
        {
            SecretInput.CheckTyped(form["email"].ToString().Trim(), code, out email, errors);
        }

        var refusal = errors.Any ? errors.ToProblem()
            : token is not null ? await reset.ResetByTokenAsync(token, form["password"], ClientInfo.Of(http))
            : await reset.ResetByCodeAsync(email, code, form["password"], binding.Answer(http, deviceCookie.Client(http)));
        if (token is null && refusal?.Code == AccountProblems.InvalidToken.Code)
        {
            refusal = refusal.At("code");
        }

        if (held is not null && (refusal is null || refusal.Code == AccountProblems.InvalidToken.Code))
        {
            steps.Clear(http, ChangeStep);
            held = null;
        }

        return refusal is null
            ? views.Redirect(http, PageDoors.LoginPath, FlashKind.Success, "The password was changed. Please sign in with the new one.")
            : await ShowResetAsync(http, given, held is not null, Views.Again(http, form, refusal), refusal.Status);
    }

    public Task<IResult> SecurityAsync(HttpContext http) => ShowSecurityAsync(http, FormState.Empty, FormState.Empty);

    public async Task<IResult> ChangeAsync(HttpContext http, IFormCollection form)
    {
        var errors = new FieldErrors();
        if (!PlainPassword.TryParse(form["current_password"], out var current))
        {
            errors.Add("current_password", "Enter the password.");
        }

        CheckSame(form, "new_password", errors);
        var refusal = errors.Any ? errors.ToProblem() : await change.ChangeAsync(http.Caller(), current!, form["new_password"], ClientInfo.Of(http), http.RequestAborted);
        if (refusal is not null)
        {
            return await ShowSecurityAsync(http, Views.Again(http, form, AtPassword(refusal, "current_password")), FormState.Empty, refusal.Status);
        }

        await sessionCookie.RenewAsync(http, http.Caller().SessionId);
        return views.Redirect(http, "/account/security", FlashKind.Success, "The password was changed. All other sessions have ended.");
    }

    public async Task<IResult> DeleteAccountAsync(HttpContext http, IFormCollection form)
    {
        var refusal = await change.DeleteAccountAsync(http.Caller(), form["password"], ClientInfo.Of(http), http.RequestAborted);
        if (refusal?.Code == SecondStepsProblems.ReauthenticationRequired.Code)
        {
            return views.Redirect(http, PageDoors.ConfirmPath + "?return_url=/account/security", FlashKind.Notice, "Please show first that it is you, then delete the account.");
        }

        if (refusal is not null)
        {
            return await ShowSecurityAsync(http, FormState.Empty, Views.Again(http, form, AtPassword(refusal, "password")), refusal.Status);
        }

        sessionCookie.Clear(http);
        return views.Redirect(http, PageDoors.LoginPath, FlashKind.Success, "The account was deleted.");
    }

    private async Task<IResult> ShowSecurityAsync(HttpContext http, FormState change, FormState delete, int status = StatusCodes.Status200OK)
    {
        var lines = await database.ReadAsync(async scope =>
        {
            var all = new List<(SecurityEntry, Phrase)>();
            foreach (var entry in entries.OrderBy(entry => entry.Order))
            {
                all.Add((entry, await entry.StateAsync(scope, http.Caller().AccountId)));
            }

            return all;
        });
        var hasPassword = (await directory.FindAsync(http.Caller().AccountId))?.Account.PasswordHash is not null;
        return await views.ShowAsync<SecurityPage>(http, new { Change = change, Delete = delete, Entries = lines, options.MinimumLength, HasPassword = hasPassword }, status);
    }

    private Task<IResult> ShowLoginAsync(HttpContext http, IFormCollection form, Problem problem, string? returnTo) => views.ShowAsync<LoginPage>(
        http,
        new { State = Views.Again(http, form, problem), ReturnTo = returnTo, IsSessionActive = problem.Code == SignInProblems.SessionActive.Code, accountsOptions.SignUpEnabled, Ways = ways, Parts = parts },
        problem.Status);

    private Task<IResult> ShowResetAsync(HttpContext http, string? token, bool isChange, FormState state, int status = StatusCodes.Status200OK) => views.ShowAsync<ResetPage>(
        http, new { Token = token, IsChange = isChange, State = state, AsksForCode = options.Recovery is RecoveryMethod.Code, options.MinimumLength }, status);

    private static void CheckSame(IFormCollection form, string field, FieldErrors errors)
    {
        if (form[field] != form[field + "_again"])
        {
            errors.Add(field + "_again", "The two passwords are not the same.");
        }
    }

    private static Problem AtPassword(Problem problem, string field) => problem.Code == PasswordProblems.WrongCurrent.Code ? problem.At(field) : problem;

    /// <summary>A taken name is shown where it was typed.</summary>
    private static Problem AtItsField(Problem problem) => problem.Code switch
    {
        "email_taken" => problem.At("email"),
        "username_taken" => problem.At("username"),
        _ => problem,
    };
}
