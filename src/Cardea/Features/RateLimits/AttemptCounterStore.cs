using Cardea.Foundation.Data;

namespace Cardea.Features.RateLimits;

public sealed class AttemptCounterStore
{
    /// <returns>How many there are now, or null when the key is blocked. Parallel tries queue up behind the row's lock.</returns>
    public Task<long?> TryCountAsync(Transaction transaction, string key, long now) => transaction.FindAsync<long?>(
        """
        INSERT INTO attempt_counters (key, failures, blocked_until, updated_at) VALUES (@key, 1, 0, @now)
        ON CONFLICT (key) DO UPDATE SET failures = attempt_counters.failures + 1, updated_at = @now WHERE attempt_counters.blocked_until <= @now
        RETURNING failures
        """,
        new { key, now });

    public Task<long> GetBlockedUntilAsync(Scope scope, string key) =>
        scope.GetAsync<long>("SELECT blocked_until FROM attempt_counters WHERE key = @key", new { key });

    public async Task<long> GetFailuresAsync(Scope scope, string key) =>
        await scope.FindAsync<long?>("SELECT failures FROM attempt_counters WHERE key = @key", new { key }) ?? 0;

    /// <summary>When the last block among these keys ends; null when none is blocked.</summary>
    public Task<long?> FindLastBlockAsync(Scope scope, string prefix, long now) => scope.FindAsync<long?>(
        $"SELECT MAX(blocked_until) FROM attempt_counters WHERE {Within(scope)} AND blocked_until > @now", new { prefix, end = EndOf(prefix), now });

    public Task SetBlockedUntilAsync(Transaction transaction, string key, long until) =>
        transaction.ExecuteAsync("UPDATE attempt_counters SET blocked_until = @until WHERE key = @key", new { key, until });

    public Task TakeBackAsync(Transaction transaction, string key) => transaction.ExecuteAsync(
        "UPDATE attempt_counters SET failures = failures - 1, blocked_until = 0 WHERE key = @key AND failures > 0", new { key });

    public Task RemoveAsync(Transaction transaction, string key) => transaction.ExecuteAsync("DELETE FROM attempt_counters WHERE key = @key", new { key });

    public Task RemoveByPrefixAsync(Transaction transaction, string prefix) =>
        transaction.ExecuteAsync($"DELETE FROM attempt_counters WHERE {Within(transaction)}", new { prefix, end = EndOf(prefix) });

    public Task<int> PurgeAsync(Transaction transaction, long before, long now, int most) => transaction.ExecuteAsync(
        "DELETE FROM attempt_counters WHERE key IN (SELECT key FROM attempt_counters WHERE updated_at < @before AND blocked_until < @now ORDER BY updated_at LIMIT @most)",
        new { before, now, most });

    /// <summary>A range and not a function of the key: a reset must not read what a flood has left.</summary>
    private static string Within(Scope scope) => $"key {scope.Dialect.Bytewise} >= @prefix AND key {scope.Dialect.Bytewise} < @end";

    /// <summary>The first text after all that begin with the prefix, which ends in ASCII.</summary>
    private static string EndOf(string prefix) => prefix[..^1] + (char)(prefix[^1] + 1);
}
