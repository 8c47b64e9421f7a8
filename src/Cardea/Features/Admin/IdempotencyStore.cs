using Cardea.Foundation.Data;

namespace Cardea.Features.Admin;

public sealed class StoredAnswer
{
    public required byte[] RequestHash { get; init; }

    public int? Status { get; init; }

    public byte[]? Answer { get; init; }

    public long CreatedAt { get; init; }
}

public sealed class IdempotencyStore
{
    /// <summary>One of any number begins; what was begun and never finished may be begun again after a while.</summary>
    public async Task<bool> TryBeginAsync(Transaction transaction, byte[] keyHash, byte[] requestHash, long now, long abandonedBefore) => await transaction.ExecuteAsync(
        """
        INSERT INTO idempotency_keys (key_hash, request_hash, status, answer, created_at) VALUES (@keyHash, @requestHash, NULL, NULL, @now)
        ON CONFLICT (key_hash) DO UPDATE SET request_hash = excluded.request_hash, created_at = excluded.created_at
        WHERE idempotency_keys.status IS NULL AND idempotency_keys.created_at < @abandonedBefore
        """,
        new { keyHash, requestHash, now, abandonedBefore }) == 1;

    public Task<StoredAnswer?> FindAsync(Scope scope, byte[] keyHash) => scope.FindAsync<StoredAnswer>(
        "SELECT request_hash AS RequestHash, status AS Status, answer AS Answer, created_at AS CreatedAt FROM idempotency_keys WHERE key_hash = @keyHash", new { keyHash });

    public Task FinishAsync(Transaction transaction, byte[] keyHash, int status, byte[] answer) =>
        transaction.ExecuteAsync("UPDATE idempotency_keys SET status = @status, answer = @answer WHERE key_hash = @keyHash", new { keyHash, status, answer });

    public Task RemoveAsync(Transaction transaction, byte[] keyHash) => transaction.ExecuteAsync("DELETE FROM idempotency_keys WHERE key_hash = @keyHash", new { keyHash });

    public Task<int> PurgeAsync(Transaction transaction, long before, int most) => transaction.ExecuteAsync(
        "DELETE FROM idempotency_keys WHERE key_hash IN (SELECT key_hash FROM idempotency_keys WHERE created_at < @before ORDER BY created_at LIMIT @most)", new { before, most });
}
