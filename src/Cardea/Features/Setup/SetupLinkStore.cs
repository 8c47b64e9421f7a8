using Cardea.Foundation.Data;

namespace Cardea.Features.Setup;

public sealed class SetupLinkStore
{
    /// <summary>In the place of the one before, which is void by that.</summary>
    public Task SetAsync(Transaction transaction, byte[] tokenHash, long now, long expiresAt) => transaction.ExecuteAsync(
        """
        INSERT INTO setup_links (id, token_hash, created_at, expires_at) VALUES (1, @tokenHash, @now, @expiresAt)
        ON CONFLICT (id) DO UPDATE SET token_hash = excluded.token_hash, created_at = excluded.created_at, expires_at = excluded.expires_at
        """,
        new { tokenHash, now, expiresAt });

    /// <summary>When the link was made that is still good; null when there is none.</summary>
    public Task<long?> FindLiveAsync(Scope scope, long now) => scope.FindAsync<long?>("SELECT created_at FROM setup_links WHERE expires_at > @now", new { now });

    public async Task<bool> IsGoodAsync(Scope scope, byte[] tokenHash, long now) =>
        await scope.GetAsync<long>("SELECT COUNT(*) FROM setup_links WHERE token_hash = @tokenHash AND expires_at > @now", new { tokenHash, now }) == 1;

    public async Task<bool> TryConsumeAsync(Transaction transaction, byte[] tokenHash, long now) =>
        await transaction.ExecuteAsync("DELETE FROM setup_links WHERE token_hash = @tokenHash AND expires_at > @now", new { tokenHash, now }) == 1;
}
