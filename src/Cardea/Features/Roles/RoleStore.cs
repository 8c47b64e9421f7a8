using Cardea.Foundation.Data;

namespace Cardea.Features.Roles;

public sealed class RoleStore
{
    public Task<List<string>> ListOfAccountAsync(Scope scope, string accountId) =>
        scope.QueryAsync<string>("SELECT role FROM account_roles WHERE account_id = @accountId ORDER BY role", new { accountId });

    public Task GrantAsync(Transaction transaction, string accountId, string role) => transaction.ExecuteAsync(
        "INSERT INTO account_roles (account_id, role) VALUES (@accountId, @role) ON CONFLICT (account_id, role) DO NOTHING", new { accountId, role });

    public async Task<bool> TryRevokeAsync(Transaction transaction, string accountId, string role) => await transaction.ExecuteAsync(
        "DELETE FROM account_roles WHERE account_id = @accountId AND role = @role", new { accountId, role }) == 1;

    public async Task<bool> ExistsAsync(Scope scope, string role) => await scope.FindAsync<string>("SELECT name FROM roles WHERE name = @role", new { role }) is not null;

    public Task<List<string>> ListAsync(Scope scope) => scope.QueryAsync<string>("SELECT name FROM roles ORDER BY name");

    public async Task<bool> AnyHasAsync(Scope scope, string role) =>
        await scope.FindAsync<string>("SELECT account_id FROM account_roles WHERE role = @role LIMIT 1", new { role }) is not null;

    /// <summary>Whether the account is an administrator and no other one could sign in.</summary>
    public async Task<bool> IsLastAdminAsync(Transaction transaction, string accountId) => await transaction.GetAsync<long>(
        """
        SELECT COUNT(*) FROM account_roles mine WHERE mine.role = 'admin' AND mine.account_id = @accountId AND NOT EXISTS (
            SELECT 1 FROM account_roles other JOIN accounts a ON a.id = other.account_id
            WHERE other.role = 'admin' AND other.account_id <> @accountId AND a.disabled_at IS NULL)
        """,
        new { accountId }) > 0;
}
