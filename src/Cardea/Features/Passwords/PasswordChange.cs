using Cardea.Crypto.Passwords;
using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.SecondSteps;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passwords;

/// <summary>Changes that ask for the current password first. Guesses at it are counted apart from sign-in, so that a stolen session can't lock its owner out.</summary>
public sealed class PasswordChange(
    Database database, AccountStore accounts, AccountDirectory directory, PasswordAttempts attempts, PasswordPolicy policy, HashingGate hashing, NewPassword newPassword,
    AccountDeletion deletion, RecentSignIn recent, AuditLog audit)
{
    public const string PasswordNeeded = "Enter the password.";

    public async Task<Problem?> ChangeAsync(Caller caller, PlainPassword current, string? typedNew, ClientInfo client, CancellationToken cancellation)
    {
        if (await database.ReadAsync(scope => accounts.FindAsync(scope, caller.AccountId)) is not { } account)
        {
            return CommonProblems.Unauthorized;
        }

        var errors = new FieldErrors();
        if (policy.Accept(typedNew, "new_password", NewPassword.NamesOf(account), errors) is not { } password)
        {
            return errors.ToProblem();
        }

        return await ProveAsync(account, current, client, async () => await hashing.HashAsync(password, HashingPlace.Known(account.Id)), async (transaction, hash) =>
        {
            await newPassword.SetAsync(transaction, account, hash!, client, exceptSession: caller.SessionId);
            await audit.RecordAsync(transaction, PasswordEvents.Changed, account.Id, client, sessionId: caller.SessionId);
            return null;
        }, cancellation);
    }

    /// <summary>Only whether it is right, counted like every other guess of a living session.</summary>
    public async Task<Problem?> ConfirmAsync(string accountId, string typed, ClientInfo client, CancellationToken cancellation) =>
        !PlainPassword.TryParse(typed, out var current) ? PasswordProblems.WrongCurrent
        : await database.ReadAsync(scope => accounts.FindAsync(scope, accountId)) is not { } account ? CommonProblems.Unauthorized
        : await ProveAsync(account, current, client, () => Task.FromResult<string?>(""), (_, _) => Task.FromResult<Problem?>(null), cancellation);

    /// <summary>Whoever has no password proves it by having signed in lately.</summary>
    public async Task<Problem?> DeleteAccountAsync(Caller caller, string? typed, ClientInfo client, CancellationToken cancellation)
    {
        if (await database.ReadAsync(scope => accounts.FindAsync(scope, caller.AccountId)) is not { } account)
        {
            return CommonProblems.Unauthorized;
        }

        if (account.PasswordHash is null)
        {
            return await database.WriteAsync(transaction => DeleteWithoutPasswordAsync(transaction, caller, client), cancellation);
        }

        return PlainPassword.TryParse(typed, out var current)
            ? await ProveAsync(account, current, client, () => Task.FromResult<string?>(""), (transaction, _) => deletion.DeleteAsync(transaction, account.Id, client), cancellation)
            : FieldErrors.One("password", PasswordNeeded);
    }

    private async Task<Problem?> DeleteWithoutPasswordAsync(Transaction transaction, Caller caller, ClientInfo client)
    {
        await transaction.LockAsync("administrators"); // as the deletion has it: before the account's row, and not after
        return await directory.FindForUpdateAsync(transaction, caller.AccountId) is not { } account ? CommonProblems.Unauthorized
            : account.Account.PasswordHash is not null ? FieldErrors.One("password", PasswordNeeded) // it was set meanwhile
            : await recent.RefuseAsync(transaction, account, caller) ?? await deletion.DeleteAsync(transaction, account.Id, client);
    }

    /// <summary>Counts, verifies, prepares outside the transaction, and then acts in one that holds only if the password is still the one that was proved.</summary>
    private async Task<Problem?> ProveAsync(
        Account account, PlainPassword current, ClientInfo client, Func<Task<string?>> prepare, Func<Transaction, string?, Task<Problem?>> act, CancellationToken cancellation)
    {
        var key = PasswordAttempts.KeyForCurrent(account.Id);
        using var pass = await attempts.EnterAsync(key, cancellation);
        if (pass is null)
        {
            return CommonProblems.Overloaded;
        }

        var (attempt, blocked) = await attempts.BeginAsync(key, client);
        if (attempt is null)
        {
            return blocked!.Problem;
        }

        switch (await hashing.VerifyAsync(current, account.PasswordHash, HashingPlace.Known(account.Id)))
        {
            case null:
                await attempts.TakeBackAsync(attempt);
                return CommonProblems.Overloaded;
            case PasswordVerdict.Failed:
                await database.WriteAsync(transaction => audit.RecordAsync(transaction, PasswordEvents.CurrentWrong, account.Id, client));
                return PasswordProblems.WrongCurrent;
        }

        if (await prepare() is not { } prepared)
        {
            await attempts.TakeBackAsync(attempt);
            return CommonProblems.Overloaded;
        }

        return await database.WriteAsync(async transaction =>
        {
            // The account's row first, as sign-in has it: in the opposite order the two could wait for each other.
            var isUnchanged = (await accounts.FindForUpdateAsync(transaction, account.Id))?.PasswordHash == account.PasswordHash;
            await attempts.SucceedAsync(transaction, attempt);
            return isUnchanged ? await act(transaction, prepared) : PasswordProblems.WrongCurrent;
        });
    }
}
