using Cardea.Foundation.Data;

namespace Cardea.Features.Roles;

public sealed class RoleStore
{
    public Task<List<string>> ListOfAccountAsync(Scope scope, string accountId) =>
        scope.QueryAsync<string>("SELECT role FROM account_roles WHERE account_id = @accountId ORDER BY role", new { accountId });

    public async Task<ILookup<string, string>> ListOfAccountsAsync(Scope scope, IReadOnlyList<string> accountIds)
    {
        var roles = new List<(string AccountId, string Role)>();
        if (accountIds.Count > 0)
        {
            // A name for each: what one engine takes as a list the other takes as an array.
            roles = await scope.QueryAsync<(string, string)>(
                $"SELECT account_id, role FROM account_roles WHERE account_id IN ({string.Join(", ", accountIds.Select((_, i) => $"@id{i}"))}) ORDER BY role",
                accountIds.Select((id, i) => KeyValuePair.Create($"id{i}", (object)id)).ToDictionary());
        }

        return roles.ToLookup(row => row.AccountId, row => row.Role);
    }

    public Task GrantAsync(Transaction transaction, string accountId, string role) => transaction.ExecuteAsync(
        "INSERT INTO account_roles (account_id, role) VALUES (@accountId, @role) ON CONFLICT (account_id, role) DO NOTHING", new { accountId, role });

    internal Task GrantAllAsync(Transaction transaction, IEnumerable<(string AccountId, string Role)> grants) =>
        transaction.AddRowsAsync("account_roles", ["account_id", "role"], grants.Select(object?[] (grant) => [grant.AccountId, grant.Role]));

    /// <summary>Every role, and whether it may do anything that not everybody may.</summary>
    public async Task<Dictionary<string, bool>> ListPowersAsync(Scope scope) => (await scope.QueryAsync<(string Name, long Permissions)>(
        "SELECT r.name, COUNT(p.permission) FROM roles r LEFT JOIN role_permissions p ON p.role = r.name GROUP BY r.name"))
        .ToDictionary(role => role.Name, role => role.Name == RoleName.Admin || role.Permissions > 0);

    public async Task<bool> TryRevokeAsync(Transaction transaction, string accountId, string role) => await transaction.ExecuteAsync(
        "DELETE FROM account_roles WHERE account_id = @accountId AND role = @role", new { accountId, role }) == 1;

    public async Task<bool> ExistsAsync(Scope scope, string role) => await scope.FindAsync<string>("SELECT name FROM roles WHERE name = @role", new { role }) is not null;

    public Task<List<string>> ListAsync(Scope scope) => scope.QueryAsync<string>("SELECT name FROM roles ORDER BY name");

    public Task<List<StoredRole>> ListAllAsync(Scope scope) =>
        scope.QueryAsync<StoredRole>("SELECT name AS Name, description AS Description, created_at AS CreatedAt FROM roles ORDER BY name");

    public async Task<bool> TryAddAsync(Transaction transaction, string name, string description, long now) => await transaction.ExecuteAsync(
        "INSERT INTO roles (name, description, created_at) VALUES (@name, @description, @now) ON CONFLICT (name) DO NOTHING", new { name, description, now }) == 1;

    public async Task<bool> TryDescribeAsync(Transaction transaction, string name, string description) =>
        await transaction.ExecuteAsync("UPDATE roles SET description = @description WHERE name = @name", new { name, description }) == 1;

    /// <returns>False when there is none of that name.</returns>
    public async Task<bool> TryRemoveAsync(Transaction transaction, string name) =>
        await transaction.ExecuteAsync("DELETE FROM roles WHERE name = @name", new { name }) == 1;

    public Task<List<string>> ListHoldersAsync(Scope scope, string role) =>
        scope.QueryAsync<string>("SELECT account_id FROM account_roles WHERE role = @role", new { role });

    public Task<long> CountHoldersAsync(Scope scope, string role) => scope.GetAsync<long>("SELECT COUNT(*) FROM account_roles WHERE role = @role", new { role });

    public Task<List<string>> ListPermissionsAsync(Scope scope, string role) =>
        scope.QueryAsync<string>("SELECT permission FROM role_permissions WHERE role = @role ORDER BY permission", new { role });

    public async Task SetPermissionsAsync(Transaction transaction, string role, IEnumerable<string> permissions)
    {
        await transaction.ExecuteAsync("DELETE FROM role_permissions WHERE role = @role", new { role });
        foreach (var permission in permissions)
        {
            await transaction.ExecuteAsync("INSERT INTO role_permissions (role, permission) VALUES (@role, @permission)", new { role, permission });
        }
    }

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
