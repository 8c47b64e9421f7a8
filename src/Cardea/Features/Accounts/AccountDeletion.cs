using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.Roles;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Accounts;

/// <summary>
/// Deletes an account: its rows go by cascading foreign keys, what tells of the person in rows that stay is erased, and its owner gets a last
/// mail. Whoever signs up with the address later gets another id and inherits nothing.
/// </summary>
public sealed class AccountDeletion(AccountStore accounts, RoleStore roles, IEnumerable<AccountData> parts, Outbox outbox, AccountMails mails, AuditLog audit)
{
    public async Task<Problem?> DeleteAsync(Transaction transaction, string accountId, ClientInfo client, string? actorId = null)
    {
        await transaction.LockAsync("administrators"); // two administrators who leave at once must not both find the other still there
        if (await accounts.FindForUpdateAsync(transaction, accountId) is not { } account)
        {
            return CommonProblems.NotFound;
        }

        if (await roles.IsLastAdminAsync(transaction, accountId))
        {
            return AccountProblems.LastAdmin;
        }

        foreach (var part in parts)
        {
            if (part.EraseAsync is not null)
            {
                await part.EraseAsync(transaction, accountId);
            }
        }

        await accounts.RemoveAsync(transaction, accountId);
        // After the erasing, and without what tells of the person.
        await audit.RecordAsync(transaction, AccountEvents.Deleted, accountId, client with { Address = "", UserAgent = "" }, actorId: actorId);
        await outbox.EnqueueAsync(transaction, mails.Deleted(account, client.Language));
        transaction.Invalidate(AccountDirectory.Topic, accountId);
        return null;
    }
}
