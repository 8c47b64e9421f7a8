using Cardea.Features.Accounts;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.SecondSteps;

/// <summary>
/// Where somebody who is signed in confirms that it is them, and goes back to what they were about to do. Where a factor is set up the page asks for
/// that: a password alone would not open what they came from.
/// </summary>
public sealed class ConfirmPages(
    Database database, Reauthentication reauthentication, RecentSignIn recent, AccountDirectory accounts, IEnumerable<ISecondFactor> factors, IEnumerable<FactorWay> ways,
    SessionCookie sessionCookie, Views views)
{
    private const string PasswordField = "password";

    public async Task<IResult> ShowAsync(HttpContext http) => await recent.RefuseAsync(http.Caller()) is null
        ? Views.Redirect(BackTo(http.Request.Query["return_url"]))
        : await ShowAsync(http, http.Request.Query["return_url"], http.Request.Query["method"].ToString(), FormState.Empty);

    public async Task<IResult> ConfirmAsync(HttpContext http, IFormCollection form)
    {
        var (caller, method) = (http.Caller(), form["method"].ToString());
        var offered = await OfferedAsync(caller);
        var isByFactor = offered.Count > 0;
        var way = Choose(offered, method);
        var factor = new FactorAnswer(form[FactorComplaint.Field].ToString().Trim() is { Length: > 0 } code ? code : null, SecondStepPages.CredentialOf(form));
        var refusal = isByFactor
            ? factor is { Code: null, Credential: null } ? FactorComplaint.Missing : await reauthentication.ConfirmAsync(caller, new(null, factor), ClientInfo.Of(http), http.RequestAborted)
            : form[PasswordField].ToString() is not { Length: > 0 } password ? FieldErrors.One(PasswordField, new Phrase("Enter the password."))
            : await reauthentication.ConfirmAsync(caller, new(password, null), ClientInfo.Of(http), http.RequestAborted);
        if (refusal is not null)
        {
            var told = way?.Code is not null ? FactorComplaint.At(refusal) : refusal;
            return await ShowAsync(http, form["return_url"], method, Views.Again(http, form, told) with { Typed = FormState.Empty.Typed }, refusal.Status);
        }

        // A cookie that was copied before does not become a recent one.
        await sessionCookie.RenewAsync(http, caller.SessionId);
        return Views.Redirect(BackTo(form["return_url"]));
    }

    private async Task<IResult> ShowAsync(HttpContext http, string? returnTo, string method, FormState state, int status = StatusCodes.Status200OK)
    {
        if (await accounts.FindAsync(http.Caller().AccountId) is not { } account)
        {
            return Views.Redirect(PageDoors.LoginPath);
        }

        var offered = await OfferedAsync(http.Caller());
        var way = Choose(offered, method);
        return await views.ShowAsync<ConfirmPage>(http, new
        {
            State = state,
            ReturnTo = ReturnUrl.Local(returnTo),
            Way = way,
            Others = offered.Where(other => other != way),
            HasPassword = account.Account.PasswordHash is not null,
            Prepared = way is { PrepareAsync: { } prepareAsync } ? await prepareAsync(account, null, ClientInfo.Of(http)) : null,
        }, status);
    }

    /// <summary>The factors that the account has; none where a password is enough.</summary>
    private async Task<List<FactorWay>> OfferedAsync(Caller caller)
    {
        if (await accounts.FindAsync(caller.AccountId) is not { Account.HasSecondFactor: true } account)
        {
            return [];
        }

        return await database.ReadAsync(async scope =>
        {
            var offered = new List<FactorWay>();
            foreach (var factor in factors.Where(factor => factor.Kind is not FactorKind.Fallback))
            {
                if (ways.FirstOrDefault(way => way.Method == factor.Method) is { } way && await factor.IsAvailableAsync(scope, account, null))
                {
                    offered.Add(way);
                }
            }

            return offered.OrderBy(way => way.Order).ToList();
        });
    }

    private static FactorWay? Choose(List<FactorWay> offered, string method) => offered.FirstOrDefault(way => way.Method == method) ?? offered.FirstOrDefault();

    private static string BackTo(string? returnTo) => ReturnUrl.Local(returnTo) ?? "/account/security";
}
