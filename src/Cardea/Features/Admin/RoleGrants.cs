using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Roles;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;

namespace Cardea.Features.Admin;

/// <summary>Gives roles and takes them. One administrator who can sign in always stays.</summary>
public sealed class RoleGrants(Database database, AccountStore accounts, RoleStore roles, AuditLog audit)
{
    /// <summary>Held by everything that could take the last administrator away: of two that go at once, each would find the other still there.</summary>
    internal const string Lock = "administrators";

    public Task<Problem?> GrantAsync(string accountId, string role, Administrator by) => ChangeAsync(accountId, role, by, async transaction =>
    {
        if ((await roles.ListOfAccountAsync(transaction, accountId)).Contains(role))
        {
            return null;
        }

        await roles.GrantAsync(transaction, accountId, role);
        await audit.RecordAsync(transaction, AdminEvents.RoleGranted, accountId, by.Client, new { Role = role }, actorId: by.Actor);
        return null;
    });

    public Task<Problem?> RevokeAsync(string accountId, string role, Administrator by) => ChangeAsync(accountId, role, by, async transaction =>
    {
        if (role == RoleName.Admin && await roles.IsLastAdminAsync(transaction, accountId))
        {
            return AccountProblems.LastAdmin;
        }

        if (await roles.TryRevokeAsync(transaction, accountId, role))
        {
            await audit.RecordAsync(transaction, AdminEvents.RoleRevoked, accountId, by.Client, new { Role = role }, actorId: by.Actor);
        }

        return null;
    });

    private Task<Problem?> ChangeAsync(string accountId, string role, Administrator by, Func<Transaction, Task<Problem?>> change) => database.WriteAsync(async transaction =>
    {
        await transaction.LockAsync(Lock);
        if (await accounts.FindForUpdateAsync(transaction, accountId) is null)
        {
            return CommonProblems.NotFound;
        }

        if (!await roles.ExistsAsync(transaction, role))
        {
            return AdminProblems.UnknownRole;
        }

        transaction.Invalidate(AccountDirectory.Topic, accountId);
        return await change(transaction);
    });
}
