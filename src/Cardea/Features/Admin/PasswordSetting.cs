using Cardea.Crypto.Secrets;
using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.Passwords;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;

namespace Cardea.Features.Admin;

/// <summary>A password that somebody else sets. It is temporary, so nobody but the owner knows one that lasts; the owner is told by mail.</summary>
public sealed class PasswordSetting(Database database, AccountStore accounts, HashingGate hashing, NewPassword newPassword, Outbox outbox, AuditLog audit)
{
    /// <summary>A random one, mailed to its owner: whoever administers doesn't see it.</summary>
    public Task<Problem?> MailAsync(string accountId, Administrator by)
    {
        var made = ReadableSecret.New().Reveal();
        return PlainPassword.TryParse(made, out var password)
            ? SetAsync(accountId, password, by, (transaction, account) => outbox.EnqueueAsync(transaction, PasswordMails.SetByAdministrator(account, made, by.Client.Language)))
            : throw new InvalidOperationException("A made password is one.");
    }

    public Task<Problem?> SetAsync(string accountId, PlainPassword password, Administrator by) => SetAsync(accountId, password, by, (_, _) => Task.CompletedTask);

    private async Task<Problem?> SetAsync(string accountId, PlainPassword password, Administrator by, Func<Transaction, Account, Task> tell)
    {
        if (await hashing.HashAsync(password, HashingPlace.Known(by.Actor)) is not { } hash)
        {
            return CommonProblems.Overloaded;
        }

        return await database.WriteAsync(async transaction =>
        {
            if (await accounts.FindForUpdateAsync(transaction, accountId) is not { } account)
            {
                return CommonProblems.NotFound;
            }

            await newPassword.SetAsync(transaction, account, hash, by.Client, exceptSession: null, isTemporary: true);
            await tell(transaction, account);
            await audit.RecordAsync(transaction, AdminEvents.PasswordSet, accountId, by.Client, actorId: by.Actor);
            return null;
        });
    }
}
