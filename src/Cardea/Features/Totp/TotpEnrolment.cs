using Cardea.Crypto.Otp;
using Cardea.Features.Accounts;
using Cardea.Features.RateLimits;
using Cardea.Features.SecondSteps;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Totp;

/// <summary>
/// Sets up an authenticator app, and takes it away. Nothing is on until a code has proved that the app has the secret; and a secret is shown to and
/// confirmed by nobody but who began it, or one that somebody else left there could be taken for one's own.
/// </summary>
public sealed class TotpEnrolment(
    Database database, TotpStore store, TotpFactor factor, AccountDirectory accounts, SessionDirectory sessions, RecoveryCodes.RecoveryCodes recoveryCodes, SecondFactorChange change,
    RecentSignIn recent, FactorAttempts attempts, AttemptCounters counters, Branding branding, TimeProvider clock)
{
    /// <summary>Guesses at a secret that only its enroller has been shown; the ladder keeps a session that was taken over from trying for ever.</summary>
    private static readonly AttemptLadder Confirmations = new(Free: 20, TimeSpan.FromMinutes(1), TimeSpan.FromHours(1), Last: 1000);

    public async Task<(TotpSecret? Secret, string? Uri, Problem? Refusal)> BeginAsync(Caller caller)
    {
        var secret = TotpSecret.New();
        return await database.WriteAsync<(TotpSecret?, string?, Problem?)>(async transaction =>
        {
            if (await accounts.FindForUpdateAsync(transaction, caller.AccountId) is not { } account)
            {
                return (null, null, CommonProblems.Unauthorized);
            }

            if (await recent.RefuseAsync(transaction, account, caller) is { } refusal)
            {
                return (null, null, refusal);
            }

            var added = await store.TryPutAsync(transaction, new()
            {
                AccountId = account.Id,
                Secret = factor.Seal(account.Id, secret),
                LastStep = -1,
                CreatedAt = clock.Milliseconds(),
                BegunBy = BegunBy(caller),
            });
            return added ? (secret, secret.RevealUri(branding.Name, account.Account.Email), null) : (null, null, TotpProblems.AlreadySetUp);
        });
    }

    /// <summary>What is being set up, to be shown again on a page whose code was mistyped; null when nothing is.</summary>
    public async Task<(TotpSecret Secret, string Uri)?> FindUnconfirmedAsync(Caller caller) =>
        await FindBegunAsync(caller) is { } stored && await accounts.FindAsync(caller.AccountId) is { Account: var account }
            ? (factor.Open(stored), factor.Open(stored).RevealUri(branding.Name, account.Email))
            : null;

    public async Task<(IReadOnlyList<string>? RecoveryCodes, Problem? Refusal)> ConfirmAsync(Caller caller, string? code, ClientInfo client)
    {
        var key = $"totp-confirm:{caller.AccountId}";
        if (await database.WriteAsync(transaction => counters.BeginAsync(transaction, key, Confirmations)) is { } blocked)
        {
            return (null, blocked.Problem);
        }

        if (await FindBegunAsync(caller) is not { } stored)
        {
            return (null, TotpProblems.NothingToConfirm);
        }

        if (factor.Open(stored).FindStep(code, clock.GetUtcNow(), stored.LastStep) is not { } step)
        {
            return (null, SecondStepsProblems.InvalidCode);
        }

        return await database.WriteAsync<(IReadOnlyList<string>?, Problem?)>(async transaction =>
        {
            if (await accounts.FindForUpdateAsync(transaction, caller.AccountId) is not { } account)
            {
                return (null, CommonProblems.Unauthorized);
            }

            if (await recent.RefuseAsync(transaction, account, caller) is { } refusal)
            {
                return (null, refusal);
            }

            if (!await store.TryConfirmAsync(transaction, account.Id, stored.Secret, BegunBy(caller), step, clock.Milliseconds()))
            {
                return (null, TotpProblems.NothingToConfirm);
            }

            await counters.ForgetAsync(transaction, key);
            await attempts.ForgetAsync(transaction, account.Id, factor);
            var codes = await recoveryCodes.RenewAsync(transaction, account.Id);
            await change.ApplyAsync(transaction, account, TotpEvents.SetUp, new Phrase("An authenticator app was set up."), caller, client, endOthers: false);
            if (caller.PendingId is null)
            {
                await sessions.ProveAgainAsync(transaction, caller.SessionId, [.. TotpFactor.Amr, SignIn.SignInGate.MultiFactor], byFactor: true);
            }

            return (codes, null);
        });
    }

    public Task<Problem?> RemoveAsync(Caller caller, ClientInfo client) => database.WriteAsync(async transaction =>
    {
        if (await accounts.FindForUpdateAsync(transaction, caller.AccountId) is not { } account)
        {
            return CommonProblems.Unauthorized;
        }

        if (await recent.RefuseAsync(transaction, account, caller) is { } refusal)
        {
            return refusal;
        }

        if (!await store.TryRemoveAsync(transaction, account.Id))
        {
            return CommonProblems.NotFound;
        }

        await attempts.ForgetAsync(transaction, account.Id, factor);
        await change.ApplyAsync(transaction, account, TotpEvents.Removed, new Phrase("The authenticator app was removed."), caller, client, endOthers: true);
        return null;
    });

    private async Task<StoredTotp?> FindBegunAsync(Caller caller) =>
        await database.ReadAsync(scope => store.FindAsync(scope, caller.AccountId)) is { ConfirmedAt: null } stored && stored.BegunBy == BegunBy(caller) ? stored : null;

    private static string BegunBy(Caller caller) => caller.PendingId ?? caller.SessionId;
}
