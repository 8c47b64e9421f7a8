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

    /// <summary>Those least recently seen, beyond so many. Their sessions live on.</summary>
    public Task RemoveSurplusAsync(Transaction transaction, string accountId, int kept) => transaction.ExecuteAsync(
        "DELETE FROM devices WHERE id IN (SELECT id FROM devices WHERE account_id = @accountId ORDER BY last_seen_at DESC, id DESC LIMIT 1000 OFFSET @kept)", new { accountId, kept });

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

    /// <summary>Among the devices with ids after one and up to another: each sign-in writes when they were seen, and an index of it too if there were one.</summary>
    public Task<int> PurgeAsync(Transaction transaction, long before, string after, string until, int most) => transaction.ExecuteAsync(
        "DELETE FROM devices WHERE id IN (SELECT id FROM devices WHERE id > @after AND id <= @until AND last_seen_at < @before ORDER BY id LIMIT @most)", new { before, after, until, most });
}
