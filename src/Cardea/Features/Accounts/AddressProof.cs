using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Accounts;

/// <summary>
/// What a room throws away when an account's address is proved for the first time by another way than its owner's own password: whoever set
/// the account up may have been somebody else, who waits for the owner to come in.
/// </summary>
public sealed record AccountReclaim(Func<Transaction, string, Task> ForgetAsync);

/// <summary>An account's address proves itself at sign-in or recovery, and not by the link that was mailed for it.</summary>
public sealed class AddressProof(AccountStore accounts, IEnumerable<AccountReclaim> reclaims, Outbox outbox, AccountMails mails, AuditLog audit, TimeProvider clock)
{
    /// <summary>
    /// Of an account whose address was never proved before nothing is kept that could let somebody else in (its password, its sessions). Where a second
    /// factor is set up, the mailbox alone proves nothing: who reads it must not get past the factor by it, and whoever has the factor, perhaps a
    /// stranger who planted it, must not be given an address that counts as proved.
    /// </summary>
    /// <param name="keep">Who proves the address has proved the password as well.</param>
    /// <param name="setsPassword">A new password is set with the proof, and its owner is told of that.</param>
    /// <returns>The account as it is then.</returns>
    public async Task<AccountSnapshot> ProveAsync(Transaction transaction, AccountSnapshot account, bool keep, ClientInfo client, bool setsPassword = false)
    {
        if (!keep && account.Account.HasSecondFactor)
        {
            return account;
        }

        var now = clock.Milliseconds();
        if (!await accounts.TrySetVerifiedAsync(transaction, account.Id, now))
        {
            return account;
        }

        if (!keep)
        {
            await ForgetAsync(transaction, account.Id);
            if (account.Account.PasswordHash is not null && !setsPassword)
            {
                await outbox.EnqueueAsync(transaction, mails.Reclaimed(account.Account, client.Language));
            }
        }

        await audit.RecordAsync(transaction, AccountEvents.EmailVerified, account.Id, client);
        transaction.Invalidate(AccountDirectory.Topic, account.Id);
        return account with { Account = await accounts.FindAsync(transaction, account.Id) ?? account.Account };
    }

    /// <summary>For who owns the server and not only the mailbox: nothing of before is kept, factors neither, and the address counts as proved.</summary>
    public async Task TakeOverAsync(Transaction transaction, string accountId)
    {
        await ForgetAsync(transaction, accountId);
        await accounts.TrySetVerifiedAsync(transaction, accountId, clock.Milliseconds());
        transaction.Invalidate(AccountDirectory.Topic, accountId);
    }

    private async Task ForgetAsync(Transaction transaction, string accountId)
    {
        foreach (var reclaim in reclaims)
        {
            await reclaim.ForgetAsync(transaction, accountId);
        }
    }
}
