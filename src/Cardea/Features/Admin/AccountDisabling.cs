using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Roles;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;

namespace Cardea.Features.Admin;

/// <summary>Shuts an account out and lets it in again. Its sessions end, so that nothing of before comes alive when it is enabled.</summary>
public sealed class AccountDisabling(Database database, AccountStore accounts, RoleStore roles, SessionDirectory sessions, AuditLog audit, TimeProvider clock)
{
    public Task<Problem?> DisableAsync(string accountId, Administrator by) => database.WriteAsync(async transaction =>
    {
        await transaction.LockAsync(RoleGrants.Lock);
        if (await accounts.FindForUpdateAsync(transaction, accountId) is not { } account)
        {
            return CommonProblems.NotFound;
        }

        if (account.IsDisabled)
        {
            return null;
        }

        if (await roles.IsLastAdminAsync(transaction, accountId))
        {
            return AccountProblems.LastAdmin;
        }

        await accounts.SetDisabledAsync(transaction, accountId, clock.Milliseconds());
        var ended = await sessions.EndAllAsync(transaction, accountId, client: by.Client);
        await audit.RecordAsync(transaction, AdminEvents.AccountDisabled, accountId, by.Client, new { Ended = ended }, actorId: by.Actor);
        transaction.Invalidate(AccountDirectory.Topic, accountId);
        return null;
    });

    public Task<Problem?> EnableAsync(string accountId, Administrator by) => database.WriteAsync(async transaction =>
    {
        if (await accounts.FindForUpdateAsync(transaction, accountId) is not { } account)
        {
            return CommonProblems.NotFound;
        }

        if (account.IsDisabled)
        {
            await accounts.SetDisabledAsync(transaction, accountId, null);
            await audit.RecordAsync(transaction, AdminEvents.AccountEnabled, accountId, by.Client, actorId: by.Actor);
            transaction.Invalidate(AccountDirectory.Topic, accountId);
        }

        return null;
    });
}
