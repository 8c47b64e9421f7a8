using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.Passwords;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Objections;

/// <summary>
/// Whoever reads at the address that an account is to leave, or has left, says that it wasn't them. A change that waits is void; one that was made is
/// taken back. Somebody was signed in who could ask for it: all sessions and the password end, and the old mailbox sets another.
/// </summary>
public sealed class EmailChangeObjection(
    Database database, EmailChange change, EmailMoveStore moves, AccountStore accounts, AccountDeletion deletion, SessionDirectory sessions, DeviceStore devices, PasswordRevocation revocation,
    Outbox outbox, ObjectionsMails mails, AuditLog audit, TimeProvider clock)
{
    public Task<EmailMove?> LookAsync(string? token) => database.ReadAsync(scope => change.FindAsync(scope, token));

    public async Task<Objection> RaiseAsync(string? token, ClientInfo client)
    {
        try
        {
            return await database.WriteAsync(transaction => RaiseAsync(transaction, token, client));
        }
        catch (Exception fault) when (Dialect.IsDuplicate(fault))
        {
            return new Objection.Taken(); // at this very moment
        }
    }

    private async Task<Objection> RaiseAsync(Transaction transaction, string? token, ClientInfo client)
    {
        if (await change.FindAsync(transaction, token) is not { } move || await accounts.FindForUpdateAsync(transaction, move.AccountId) is not { } account)
        {
            return new Objection.Unknown();
        }

        var isMoved = account.Email != move.OldEmail;
        if (isMoved && !await MakeFreeAsync(transaction, move, client))
        {
            return new Objection.Taken();
        }

        if (!await moves.TryRemoveAsync(transaction, move.Id))
        {
            return new Objection.Unknown();
        }

        if (isMoved)
        {
            await change.MoveAsync(transaction, account.Id, move.OldEmail);
        }

        // Every other such link too: one of them may lie in the mailbox to which a thief moved the account on the way.
        await moves.RemoveAllAsync(transaction, account.Id);
        await sessions.EndAllAsync(transaction, account.Id);
        await devices.DistrustAllAsync(transaction, account.Id);
        var setPassword = await revocation.RevokeAsync(transaction, account);
        transaction.Invalidate(AccountDirectory.Topic, account.Id);
        await audit.RecordAsync(transaction, ObjectionsEvents.EmailChange, account.Id, client, new { Restored = isMoved });
        foreach (var recipient in isMoved ? new[] { move.OldEmail, account.Email } : [move.OldEmail])
        {
            await outbox.EnqueueAsync(transaction, mails.EmailChangeUndone(account, recipient, move.OldEmail, clock.GetUtcNow(), client.Language));
        }

        return new Objection.Upheld(setPassword);
    }

    /// <summary>
    /// An account that was made with the old address meanwhile and never proved it gives way to who has just proved it: else a thief would sign up
    /// there, and nothing could be undone.
    /// </summary>
    private async Task<bool> MakeFreeAsync(Transaction transaction, EmailMove move, ClientInfo client) =>
        await accounts.FindByEmailAsync(transaction, move.OldEmail) is not { } other
        || (!other.IsVerified && await deletion.DeleteAsync(transaction, other.Id, client) is null);
}
