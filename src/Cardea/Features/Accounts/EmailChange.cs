using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.OneTimeSecrets;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Accounts;

/// <summary>What a room throws away when an account's address becomes another: what was begun or mailed under the old one.</summary>
public sealed record AddressChanged(Func<Transaction, string, Task> ForgetAsync);

/// <summary>
/// Moves an account to another address. Until the new address has proved itself the old one stays the account's, for sign-in and for recovery;
/// and the old one is told, since it may not have been its owner who asked.
/// </summary>
public sealed class EmailChange(
    AccountStore accounts, OneTimeSecrets.OneTimeSecrets secrets, Outbox outbox, MailAllowance allowance, AccountMails mails, IEnumerable<AddressChanged> changed, AuditLog audit, TimeProvider clock)
{
    public static readonly SecretPurpose Purpose = new("change-email", TimeSpan.FromHours(24), TimeSpan.FromMinutes(10));

    /// <summary>Answers the same whether the new address is free or taken: its owner hears of it, the asker does not.</summary>
    public async Task AskAsync(Transaction transaction, Account account, Email newEmail, ClientInfo client)
    {
        await audit.RecordAsync(transaction, AccountEvents.EmailChangeAsked, account.Id, client, new { NewEmail = newEmail.Text });
        if (!await allowance.TryTakeAsync(transaction, Purpose.Name, newEmail.Text) || !await allowance.TryTakeAsync(transaction, Purpose.Name + "-by", account.Id))
        {
            return;
        }

        await outbox.EnqueueAsync(transaction, mails.NoticeOfChange(account, newEmail.Text, client.Language));
        if (await accounts.FindByEmailAsync(transaction, newEmail.Text) is { } owner)
        {
            await secrets.VoidAsync(transaction, Purpose, account.Id);
            await outbox.EnqueueAsync(transaction, mails.ChangeToTaken(owner, client.Language));
            return;
        }

        var secret = await secrets.IssueAsync(transaction, Purpose, account.Id, newEmail.Text, client.Binding);
        await outbox.EnqueueAsync(transaction, mails.ConfirmChange(account, newEmail.Text, secret, Purpose, client.Language));
    }

    public async Task<Problem?> ConfirmAsync(Transaction transaction, CheckedSecret secret, ClientInfo client)
    {
        if (!await secrets.TryConsumeAsync(transaction, secret) || secret.Target is null)
        {
            return AccountProblems.InvalidToken;
        }

        await accounts.SetEmailAsync(transaction, secret.AccountId, secret.Target, clock.Milliseconds());
        // A reset link that lies in the old mailbox must not open the account any more.
        await secrets.VoidAllAsync(transaction, secret.AccountId);
        foreach (var room in changed)
        {
            await room.ForgetAsync(transaction, secret.AccountId);
        }

        await audit.RecordAsync(transaction, AccountEvents.EmailChanged, secret.AccountId, client);
        transaction.Invalidate(AccountDirectory.Topic, secret.AccountId);
        return null;
    }
}
