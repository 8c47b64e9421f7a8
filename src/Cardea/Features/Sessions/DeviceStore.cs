using Cardea.Foundation.Data;

namespace Cardea.Features.Sessions;

public sealed class DeviceStore
{
    private const string Columns = "id AS Id, account_id AS AccountId, created_at AS CreatedAt, last_seen_at AS LastSeenAt, user_agent AS UserAgent, trusted_until AS TrustedUntil";

    public Task AddAsync(Transaction transaction, Device device, byte[] tokenHash, byte[] fingerprint) => transaction.ExecuteAsync(
        """
        INSERT INTO devices (id, account_id, token_hash, fingerprint, created_at, last_seen_at, user_agent)
        VALUES (@Id, @AccountId, @tokenHash, @fingerprint, @CreatedAt, @LastSeenAt, @UserAgent)
        """,
        new { device.Id, device.AccountId, tokenHash, fingerprint, device.CreatedAt, device.LastSeenAt, device.UserAgent });

    public Task<Device?> FindByTokenAsync(Scope scope, string accountId, byte[] tokenHash) => scope.FindAsync<Device>(
        $"SELECT {Columns} FROM devices WHERE token_hash = @tokenHash AND account_id = @accountId", new { accountId, tokenHash });

    /// <summary>Whose it is; null when it is nobody's.</summary>
    public Task<string?> FindAccountAsync(Scope scope, byte[] tokenHash) => scope.FindAsync<string>("SELECT account_id FROM devices WHERE token_hash = @tokenHash", new { tokenHash });

    /// <returns>The one least recently seen, where the account has so many or more; otherwise null.</returns>
    public Task<string?> FindSurplusAsync(Scope scope, string accountId, int most) => scope.FindAsync<string>(
        """
        SELECT id FROM devices WHERE account_id = @accountId AND (SELECT COUNT(*) FROM devices WHERE account_id = @accountId) >= @most
        ORDER BY last_seen_at, id LIMIT 1
        """,
        new { accountId, most });

    /// <summary>
    /// Puts a device into the row of another, of which nothing is left but the id. To delete that row would have the database look through all sessions; those of the
    /// other device count as of this one now, and end with it if its owner disowns it.
    /// </summary>
    public Task ReplaceAsync(Transaction transaction, Device device, byte[] tokenHash, byte[] fingerprint) => transaction.ExecuteAsync(
        """
        UPDATE devices SET token_hash = @tokenHash, fingerprint = @fingerprint, created_at = @CreatedAt, last_seen_at = @LastSeenAt, user_agent = @UserAgent, trusted_until = NULL
        WHERE id = @Id AND account_id = @AccountId
        """,
        new { device.Id, device.AccountId, tokenHash, fingerprint, device.CreatedAt, device.LastSeenAt, device.UserAgent });

    public Task<Device?> FindByFingerprintAsync(Scope scope, string accountId, byte[] fingerprint) => scope.FindAsync<Device>(
        $"SELECT {Columns} FROM devices WHERE account_id = @accountId AND fingerprint = @fingerprint ORDER BY last_seen_at DESC LIMIT 1", new { accountId, fingerprint });

    public Task SetSeenAsync(Transaction transaction, string id, string userAgent, long now) =>
        transaction.ExecuteAsync("UPDATE devices SET last_seen_at = @now, user_agent = @userAgent WHERE id = @id", new { id, userAgent, now });

    public Task SetTrustedAsync(Transaction transaction, string id, long until) =>
        transaction.ExecuteAsync("UPDATE devices SET trusted_until = @until WHERE id = @id", new { id, until });

    /// <returns>False for an id that is nobody's, somebody else's, or not trusted.</returns>
    public async Task<bool> TryDistrustAsync(Transaction transaction, string accountId, string id) => await transaction.ExecuteAsync(
        "UPDATE devices SET trusted_until = NULL WHERE id = @id AND account_id = @accountId AND trusted_until IS NOT NULL", new { id, accountId }) == 1;

    public Task DistrustAllAsync(Transaction transaction, string accountId) =>
        transaction.ExecuteAsync("UPDATE devices SET trusted_until = NULL WHERE account_id = @accountId AND trusted_until IS NOT NULL", new { accountId });

    public Task RemoveAsync(Transaction transaction, string accountId, string id) =>
        transaction.ExecuteAsync("DELETE FROM devices WHERE id = @id AND account_id = @accountId", new { id, accountId });

    public Task<List<Device>> ListOfAccountAsync(Scope scope, string accountId) =>
        scope.QueryAsync<Device>($"SELECT {Columns} FROM devices WHERE account_id = @accountId ORDER BY id", new { accountId });

    public Task<int> PurgeAsync(Transaction transaction, long before, int most) => transaction.ExecuteAsync(
        "DELETE FROM devices WHERE id IN (SELECT id FROM devices WHERE last_seen_at < @before LIMIT @most)", new { before, most });
}
