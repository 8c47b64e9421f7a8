using Cardea.Features.RecoveryCodes;
using Cardea.Features.SecondSteps;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Totp;

/// <summary>The browser door to authenticator apps, for who is signed in and for who must set one up to be.</summary>
public sealed class TotpPages(Database database, TotpStore store, TotpEnrolment enrolment, SecondStepPages steps, RecoveryCodesPages recoveryCodes, SessionCookie sessionCookie, Views views)
{
    public const string Path = "/account/security/authenticator";

    public Task<IResult> ShowAsync(HttpContext http) => ShowAsync(http, FormState.Empty);

    public async Task<IResult> BeginAsync(HttpContext http, IFormCollection form)
    {
        var (_, _, refusal) = await enrolment.BeginAsync(http.Caller());
        return refusal is null ? Views.Redirect(Path) : views.Redirect(http, Path, FlashKind.Error, refusal.Detail);
    }

    public async Task<IResult> ConfirmAsync(HttpContext http, IFormCollection form)
    {
        var (caller, code) = (http.Caller(), form[FactorComplaint.Field].ToString().Trim());
        var (codes, refusal) = code.Length > 0 ? await enrolment.ConfirmAsync(caller, code, ClientInfo.Of(http)) : (null, FactorComplaint.Missing);
        if (refusal is not null)
        {
            return refusal.Code == TotpProblems.NothingToConfirm.Code
                ? views.Redirect(http, Path, FlashKind.Notice, refusal.Detail)
                : await ShowAsync(http, Views.Again(http, form, refusal.Errors is null ? FactorComplaint.At(refusal) : refusal) with { Typed = FormState.Empty.Typed }, refusal.Status);
        }

        if (caller.PendingId is not null)
        {
            return Views.Redirect(recoveryCodes.HandOut(http, caller.AccountId, codes!, await steps.FinishSetUpAsync(http, TotpFactor.Amr)));
        }

        await sessionCookie.RenewAsync(http, caller.SessionId);
        return Views.Redirect(recoveryCodes.HandOut(http, caller.AccountId, codes!, Path));
    }

    public async Task<IResult> RemoveAsync(HttpContext http, IFormCollection form)
    {
        if (await enrolment.RemoveAsync(http.Caller(), ClientInfo.Of(http)) is { } refusal)
        {
            return views.Redirect(http, Path, FlashKind.Notice, refusal.Detail);
        }

        await sessionCookie.RenewAsync(http, http.Caller().SessionId);
        return views.Redirect(http, "/account/security", FlashKind.Success, "The authenticator app was removed.");
    }

    private async Task<IResult> ShowAsync(HttpContext http, FormState state, int status = StatusCodes.Status200OK)
    {
        var caller = http.Caller();
        var begun = await enrolment.FindUnconfirmedAsync(caller);
        var stored = await database.ReadAsync(scope => store.FindAsync(scope, caller.AccountId));
        return await views.ShowAsync<TotpPage>(http, new
        {
            State = state,
            Since = stored?.ConfirmedAt.ToInstant(),
            Secret = begun?.Secret.RevealBase32(),
            begun?.Uri,
            QrSvg = begun is { Uri: var uri } ? QrCode.Svg(uri) : null,
            IsEnrolling = caller.PendingId is not null,
        }, status);
    }
}
