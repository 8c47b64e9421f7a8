using System.Security.Cryptography;
using Cardea.Features.Accounts;
using Cardea.Features.RecoveryCodes;
using Cardea.Features.SecondSteps;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Passkeys;

/// <summary>
/// The browser door to passkeys. A script asks the authenticator, and posts what it says in a form of the page; what it needs for that it fetches from
/// here, bound to this browser or session.
/// </summary>
public sealed class PasskeysPages(
    Database database, PasskeyStore store, PasskeySignIn signIn, PasskeyEnrolment enrolment, PasskeyChanges changes, PasskeyVerifier verifier, AccountDirectory accounts, PageSignIn pageSignIn,
    SecondStepPages steps, RecoveryCodesPages recoveryCodes, StepCookie cookies, DeviceCookie deviceCookie, SessionCookie sessionCookie, Views views)
{
    public const string SignInPath = PageDoors.LoginPath + "/passkey";
    public const string SignInOptionsPath = SignInPath + "/options";
    public const string Path = "/account/security/passkeys";

    /// <summary>Ties what a page asked for to the browser that it was asked in.</summary>
    private const string BrowserStep = "passkey";

    /// <summary>A browser keeps the one binding while it asks: two windows of it both work.</summary>
    public async Task<IResult> SignInOptionsAsync(HttpContext http)
    {
        var browser = cookies.Find(http, BrowserStep) ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        cookies.Set(http, BrowserStep, browser, PasskeyChallenges.Lifetime);
        return PasskeysEndpoints.Options(await signIn.OptionsAsync(browser));
    }

    public async Task<IResult> SignInAsync(HttpContext http, IFormCollection form)
    {
        var returnTo = ReturnUrl.Local(form["return_url"]);
        // Who holds no cookie asked on no page, and is not let in by what was asked over JSON.
        var browser = cookies.Find(http, BrowserStep);
        var credential = browser is null ? null : PasskeyCredential.ParseAsserted(PasskeyCredential.Read(form["credential"].ToString()));
        var outcome = await signIn.SignInAsync(credential, browser ?? PasskeySignIn.Anybody, new(deviceCookie.Client(http), form["replace"] == "true", ForPages: true));
        if (await pageSignIn.GoOnAsync(http, outcome, returnTo) is { } next)
        {
            return next;
        }

        var refusal = ((SignInOutcome.Refused)outcome).Problem;
        return await views.ShowAsync<PasskeyRefusedPage>(
            http, new { State = Views.Again(http, form, refusal), ReturnTo = returnTo, IsSessionActive = refusal.Code == SignInProblems.SessionActive.Code }, refusal.Status);
    }

    public Task<IResult> ShowAsync(HttpContext http) => ShowAsync(http, FormState.Empty);

    public async Task<IResult> AddOptionsAsync(HttpContext http)
    {
        var (options, refusal) = await enrolment.BeginAsync(http.Caller());
        return refusal is null ? PasskeysEndpoints.Options(options!) : Answers.Problem(refusal);
    }

    public async Task<IResult> AddAsync(HttpContext http, IFormCollection form)
    {
        var (caller, typed) = (http.Caller(), form["name"].ToString().Trim());
        if (!PasskeyName.TryParse(typed, out var name) && typed.Length > 0)
        {
            return await ShowAsync(http, Views.Again(http, form, FieldErrors.One("name", "Enter a name of up to 100 characters.")), StatusCodes.Status400BadRequest);
        }

        var (added, refusal) = await enrolment.FinishAsync(
            caller, PasskeyCredential.ParseNew(PasskeyCredential.Read(form["credential"].ToString())), name.Length > 0 ? name : null, ClientInfo.Of(http));
        if (refusal is not null)
        {
            return await ShowAsync(http, Views.Again(http, form, refusal), refusal.Status);
        }

        if (caller.PendingId is not null)
        {
            return Views.Redirect(recoveryCodes.HandOut(http, caller.AccountId, added!.RecoveryCodes!, await steps.FinishSetUpAsync(http, added.Passkey.Amr)));
        }

        await sessionCookie.RenewAsync(http, caller.SessionId);
        return added!.RecoveryCodes is { } codes
            ? Views.Redirect(recoveryCodes.HandOut(http, caller.AccountId, codes, Path))
            : views.Redirect(http, Path, FlashKind.Success, "The passkey was added.");
    }

    public async Task<IResult> RenameAsync(HttpContext http, IFormCollection form)
    {
        if (!PasskeyName.TryParse(form["name"].ToString(), out var name))
        {
            return views.Redirect(http, Path, FlashKind.Error, "Enter a name of up to 100 characters.");
        }

        var (_, refusal) = await changes.RenameAsync(http.Caller(), form["id"].ToString(), name, ClientInfo.Of(http));
        return refusal is null ? views.Redirect(http, Path, FlashKind.Success, "The passkey was renamed.") : views.Redirect(http, Path, FlashKind.Notice, refusal.Detail);
    }

    public async Task<IResult> RemoveAsync(HttpContext http, IFormCollection form)
    {
        if (await changes.RemoveAsync(http.Caller(), form["id"].ToString(), ClientInfo.Of(http)) is { } refusal)
        {
            return views.Redirect(http, Path, FlashKind.Error, refusal.Detail);
        }

        await sessionCookie.RenewAsync(http, http.Caller().SessionId);
        return views.Redirect(http, Path, FlashKind.Success, "The passkey was removed.");
    }

    private async Task<IResult> ShowAsync(HttpContext http, FormState state, int status = StatusCodes.Status200OK)
    {
        var caller = http.Caller();
        if (await accounts.FindAsync(caller.AccountId) is not { Account: var account })
        {
            return Views.Redirect(PageDoors.LoginPath);
        }

        var (passkeys, handle) = await database.ReadAsync(async scope => (await store.ListAsync(scope, account.Id), await store.FindHandleAsync(scope, account.Id)));
        return await views.ShowAsync<PasskeysPage>(http, new
        {
            State = state,
            Passkeys = (IReadOnlyList<Passkey>)passkeys,
            Signal = handle is null ? null : verifier.Signal(handle, account.Email, passkeys),
            IsEnrolling = caller.PendingId is not null,
        }, status);
    }
}
