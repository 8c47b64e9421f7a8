using Cardea.Crypto.Passwords;
using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.RateLimits;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passwords;

/// <summary>
/// Proves by password. An unknown account costs what a known one costs: the same look-ups, the same count, a hash of equal cost, the same audit
/// row, and the same answer.
/// </summary>
public sealed class PasswordSignIn(
    Database database, PasswordsOptions options, AccountStore accounts, KnownDevices devices, PasswordAttempts attempts, HashingGate hashing,
    OneTimeSecrets.OneTimeSecrets secrets, SignInGate gate, AuditLog audit)
{
    /// <summary>Stands in for the id of an account that doesn't exist, where a look-up must cost the same.</summary>
    private const string Nobody = "00000000000000000000000000000000";

    private static readonly string[] Amr = ["pwd"];

    public async Task<SignInOutcome> SignInAsync(LoginName name, PlainPassword password, SignInRequest request, CancellationToken cancellation)
    {
        var client = request.Client;
        var (account, device) = await database.ReadAsync(async scope =>
        {
            var found = await name.FindAsync(accounts, scope);
            return (found, await devices.RecogniseAsync(scope, found?.Id ?? Nobody, client));
        });
        var key = attempts.KeyFor(account?.Id, name.Text, device);
        using var pass = await attempts.EnterAsync(key, cancellation);
        if (pass is null)
        {
            return TurnAway();
        }

        var (attempt, blocked) = await attempts.BeginAsync(key, client);
        if (attempt is null)
        {
            return await ThrottleAsync(account, blocked!, client);
        }

        // Known by what it keeps, not by an address and a user agent, which others can have too; and for this account, not for any.
        var place = device is { ByToken: true } ? HashingPlace.Known(account!.Id) : HashingPlace.Stranger(client.AddressGroup);
        switch (await hashing.VerifyAsync(password, account?.PasswordHash, place))
        {
            case null:
                await attempts.TakeBackAsync(attempt);
                return TurnAway();
            case PasswordVerdict.Failed:
                return await FailAsync(account, attempt, password, request);
            case var verdict:
                var rehashed = verdict is PasswordVerdict.SuccessRehashNeeded ? await hashing.HashAsync(password, HashingPlace.Known(account!.Id)) : null;
                return await gate.AdmitAsync(new Proof(account!.Id, Amr, transaction => SettleAsync(transaction, account, attempt, rehashed)), request);
        }
    }

    private async Task<bool> SettleAsync(Transaction transaction, Account account, PasswordTry attempt, string? rehashed)
    {
        // A change that came between the hash and now has made what was proved untrue.
        if ((await accounts.FindAsync(transaction, account.Id))?.PasswordHash != account.PasswordHash)
        {
            return false;
        }

        await attempts.SucceedAsync(transaction, attempt);
        if (rehashed is not null)
        {
            await accounts.SetRehashedAsync(transaction, account.Id, account.PasswordHash!, rehashed);
            transaction.Invalidate(AccountDirectory.Topic, account.Id);
        }

        return true;
    }

    private SignInOutcome.Refused TurnAway()
    {
        gate.Count(CommonProblems.Overloaded.Code);
        return new SignInOutcome.Refused(CommonProblems.Overloaded);
    }

    private async Task<SignInOutcome> ThrottleAsync(Account? account, Blocked blocked, ClientInfo client)
    {
        if (blocked.IsTold)
        {
            await database.WriteAsync(transaction => audit.RecordAsync(transaction, SignInEvents.Throttled, account?.Id, client, new { blocked.Times }));
        }

        gate.Count(blocked.Problem.Code);
        return new SignInOutcome.Refused(blocked.Problem);
    }

    /// <summary>Not the account's own password; perhaps the one that was mailed to it.</summary>
    private async Task<SignInOutcome> FailAsync(Account? account, PasswordTry attempt, PlainPassword password, SignInRequest request)
    {
        var client = request.Client;
        var temporary = await database.WriteAsync(async transaction =>
        {
            var mailed = options.Recovery is RecoveryMethod.TemporaryPassword
                ? await secrets.CheckTextAsync(transaction, PasswordReset.TemporaryPurpose, account?.Id ?? Nobody, password.Reveal)
                : null;
            if (mailed is null)
            {
                await audit.RecordAsync(transaction, SignInEvents.Failed, account?.Id, client, new { Reason = account is null ? "unknown_account" : "wrong_password" });
            }

            return mailed;
        });
        if (temporary is not null)
        {
            return await gate.AdmitAsync(new Proof(account!.Id, Amr, transaction => SettleTemporaryAsync(transaction, temporary, attempt, client), UsedTemporaryPassword: true), request);
        }

        gate.Count(AccountProblems.InvalidCredentials.Code);
        return new SignInOutcome.Refused(AccountProblems.InvalidCredentials);
    }

    private async Task<bool> SettleTemporaryAsync(Transaction transaction, OneTimeSecrets.CheckedSecret temporary, PasswordTry attempt, ClientInfo client)
    {
        if (!await secrets.TryConsumeAsync(transaction, temporary))
        {
            return false;
        }

        await attempts.SucceedAsync(transaction, attempt);
        await audit.RecordAsync(transaction, PasswordEvents.TemporaryUsed, temporary.AccountId, client);
        return true;
    }
}
