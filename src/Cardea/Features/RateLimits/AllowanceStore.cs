using Cardea.Foundation.Data;

namespace Cardea.Features.RateLimits;

public sealed class AllowanceStore
{
    public async Task<bool> TryTakeAsync(Transaction transaction, string key, int most, long now, long end) => await transaction.ExecuteAsync(
        """
        INSERT INTO allowances (key, taken, ends_at) VALUES (@key, 1, @end)
        ON CONFLICT (key) DO UPDATE SET
            taken = CASE WHEN allowances.ends_at <= @now THEN 1 ELSE allowances.taken + 1 END,
            ends_at = CASE WHEN allowances.ends_at <= @now THEN @end ELSE allowances.ends_at END
        WHERE allowances.ends_at <= @now OR allowances.taken < @most
        """,
        new { key, most, now, end }) == 1;

    /// <returns>How many there are now. Whoever only counts never runs out.</returns>
    public Task<long> CountAsync(Transaction transaction, string key, long now, long end) => transaction.GetAsync<long>(
        """
        INSERT INTO allowances (key, taken, ends_at) VALUES (@key, 1, @end)
        ON CONFLICT (key) DO UPDATE SET
            taken = CASE WHEN allowances.ends_at <= @now THEN 1 ELSE allowances.taken + 1 END,
            ends_at = CASE WHEN allowances.ends_at <= @now THEN @end ELSE allowances.ends_at END
        RETURNING taken
        """,
        new { key, now, end });

    public Task<long> GetEndAsync(Scope scope, string key) => scope.GetAsync<long>("SELECT ends_at FROM allowances WHERE key = @key", new { key });

    public Task GiveBackAsync(Transaction transaction, string key) =>
        transaction.ExecuteAsync("UPDATE allowances SET taken = taken - 1 WHERE key = @key AND taken > 0", new { key });

    public Task<int> PurgeAsync(Transaction transaction, long now, int most) => transaction.ExecuteAsync(
        "DELETE FROM allowances WHERE key IN (SELECT key FROM allowances WHERE ends_at <= @now ORDER BY ends_at LIMIT @most)", new { now, most });
}
