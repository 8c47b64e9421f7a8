using Cardea.Crypto.Secrets;
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
/// and the old one is told, when it is asked for and when it is done, with a link to undo it: it may not have been its owner who asked.
/// </summary>
public sealed class EmailChange(
    AccountStore accounts, EmailMoveStore moves, OneTimeSecrets.OneTimeSecrets secrets, Outbox outbox, MailAllowance allowance, AccountMails mails, IEnumerable<AddressChanged> changed, AuditLog audit,
    TimeProvider clock)
{
    public const string UndoPath = "/undo-email-change";

    public static readonly SecretPurpose Purpose = new("change-email", TimeSpan.FromHours(24), TimeSpan.FromMinutes(10), RemembersGuesses: true);

    private static readonly TimeSpan UndoLifetime = TimeSpan.FromDays(7);

    /// <summary>Answers the same whether the new address is free or taken: its owner hears of it, the asker does not.</summary>
    public async Task AskAsync(Transaction transaction, Account account, Email newEmail, ClientInfo client)
    {
        await audit.RecordAsync(transaction, AccountEvents.EmailChangeAsked, account.Id, client, new { NewEmail = newEmail.Text });
        if (!await allowance.TryTakeAsync(transaction, Purpose.Name, newEmail.Text) || !await allowance.TryTakeAsync(transaction, Purpose.Name + "-by", account.Id))
        {
            return;
        }

        await outbox.EnqueueAsync(transaction, mails.NoticeOfChange(account, newEmail.Text, await LetUndoAsync(transaction, account, newEmail.Text), client.Language));
        if (await accounts.FindByEmailAsync(transaction, newEmail.Text) is { } owner)
        {
            await secrets.VoidAsync(transaction, Purpose, account.Id);
            await outbox.EnqueueAsync(transaction, mails.ChangeToTaken(owner, client.Language));
            return;
        }

        var secret = await secrets.IssueAsync(transaction, Purpose, account.Id, newEmail.Text, client.Binding, address: newEmail.Text);
        await outbox.EnqueueAsync(transaction, mails.ConfirmChange(account, newEmail.Text, secret, Purpose, client.Language));
    }

    public async Task<Problem?> ConfirmAsync(Transaction transaction, CheckedSecret secret, ClientInfo client)
    {
        // The account first, as everything that decides about one has it.
        if (await accounts.FindForUpdateAsync(transaction, secret.AccountId) is not { } account || !await secrets.TryConsumeAsync(transaction, secret) || secret.Target is null)
        {
            return AccountProblems.InvalidToken;
        }

        await MoveAsync(transaction, account.Id, secret.Target);
        await audit.RecordAsync(transaction, AccountEvents.EmailChanged, account.Id, client);
        await outbox.EnqueueAsync(transaction, mails.Changed(account, secret.Target, await LetUndoAsync(transaction, account, secret.Target), client.Language));
        return null;
    }

    /// <summary>The address has proved itself. What lies in the mailbox that was left, such as a reset link, must not open the account any more.</summary>
    /// <exception cref="System.Data.Common.DbException">Somebody else has the address (see <see cref="Dialect.IsDuplicate"/>).</exception>
    public Task MoveAsync(Transaction transaction, string accountId, string email) =>
        LeaveAsync(transaction, accountId, () => accounts.SetEmailAsync(transaction, accountId, email, clock.Milliseconds()));

    /// <summary>An administrator's word: no proof is asked for, and no mailbox that the account had can undo it. The one that it had last is told.</summary>
    /// <exception cref="System.Data.Common.DbException">Somebody else has the address (see <see cref="Dialect.IsDuplicate"/>).</exception>
    public async Task SetAsync(Transaction transaction, Account account, string email, bool isVerified, ClientInfo client)
    {
        await LeaveAsync(transaction, account.Id, () => accounts.SetEmailAsync(transaction, account.Id, email, isVerified, clock.Milliseconds()));
        await moves.RemoveAllAsync(transaction, account.Id);
        await outbox.EnqueueAsync(transaction, AccountMails.ChangedByAdministrator(account, email, client.Language));
    }

    private async Task LeaveAsync(Transaction transaction, string accountId, Func<Task> set)
    {
        await set();
        await secrets.VoidAllAsync(transaction, accountId);
        foreach (var room in changed)
        {
            await room.ForgetAsync(transaction, accountId);
        }

        transaction.Invalidate(AccountDirectory.Topic, accountId);
    }

    /// <summary>The change whose link this is, while it may be undone. Nothing is used up.</summary>
    public async Task<EmailMove?> FindAsync(Scope scope, string? token) =>
        SecretToken.TryParse(token, out var secret) ? await moves.FindLiveAsync(scope, secret.Hash.ToArray(), clock.Milliseconds()) : null;

    /// <summary>
    /// A row of its own and no one-time secret: those are voided by the very change, and by the new password that a thief sets next. It gives the
    /// account back to the mailbox that it left, and is nothing else.
    /// </summary>
    private async Task<SecretToken> LetUndoAsync(Transaction transaction, Account account, string newEmail)
    {
        var (now, token) = (clock.Milliseconds(), SecretToken.New());
        await moves.AddAsync(transaction, new EmailMove
        {
            Id = Id.New(clock),
            AccountId = account.Id,
            OldEmail = account.Email,
            NewEmail = newEmail,
            CreatedAt = now,
            ExpiresAt = now + (long)UndoLifetime.TotalMilliseconds,
        }, token.Hash.ToArray());
        return token;
    }
}
