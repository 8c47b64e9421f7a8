using Cardea.Foundation.Data;

namespace Cardea.Features.Sessions;

public sealed class SessionStore
{
    private const string Columns =
        """
        id AS Id, account_id AS AccountId, device_id AS DeviceId, created_at AS CreatedAt, authenticated_at AS AuthenticatedAt, last_seen_at AS LastSeenAt,
        expires_at AS ExpiresAt, amr AS Amr, address AS Address, user_agent AS UserAgent, refresh_hash AS RefreshHash, refresh_counter AS RefreshCounter,
        refreshed_at AS RefreshedAt, cookie_hash AS CookieHash, factor_at AS FactorAt, actor_id AS ActorId, actor_session_id AS ActorSessionId
        """;

    private const string Ended = "RETURNING id AS Id, account_id AS AccountId, actor_id AS ActorId";

    public Task AddAsync(Transaction transaction, Session session) => transaction.ExecuteAsync(
        """
        INSERT INTO sessions (id, account_id, device_id, created_at, authenticated_at, last_seen_at, expires_at, amr, address, user_agent, refresh_hash, refresh_counter, refreshed_at, cookie_hash, factor_at, actor_id,
            actor_session_id)
        VALUES (@Id, @AccountId, @DeviceId, @CreatedAt, @AuthenticatedAt, @LastSeenAt, @ExpiresAt, @Amr, @Address, @UserAgent, @RefreshHash, @RefreshCounter, @RefreshedAt, @CookieHash, @FactorAt, @ActorId,
            @ActorSessionId)
        """,
        session);

    public Task<Session?> FindAsync(Scope scope, string id) => scope.FindAsync<Session>($"SELECT {Columns} FROM sessions WHERE id = @id", new { id });

    /// <summary>Oldest first. Only the owner's own: who views the account takes no room among them.</summary>
    public Task<List<Session>> ListLiveAsync(Scope scope, string accountId, long now, long idleSince) => scope.QueryAsync<Session>(
        $"SELECT {Columns} FROM sessions WHERE account_id = @accountId AND expires_at > @now AND last_seen_at > @idleSince AND actor_id IS NULL ORDER BY created_at, id",
        new { accountId, now, idleSince });

    public Task<long> CountLiveAsync(Scope scope, long now, long idleSince) =>
        scope.GetAsync<long>("SELECT COUNT(*) FROM sessions WHERE expires_at > @now AND last_seen_at > @idleSince AND actor_id IS NULL", new { now, idleSince });

    public Task<List<EndedSession>> RemoveAsync(Transaction transaction, string id, string accountId) =>
        transaction.QueryAsync<EndedSession>($"DELETE FROM sessions WHERE id = @id AND account_id = @accountId {Ended}", new { id, accountId });

    public Task<List<EndedSession>> RemoveAllAsync(Transaction transaction, string accountId, string? except) => transaction.QueryAsync<EndedSession>(
        $"DELETE FROM sessions WHERE account_id = @accountId AND id <> @except {Ended}", new { accountId, except = except ?? "" });

    /// <summary>The session, and all of the device.</summary>
    public Task<List<EndedSession>> RemoveOfDeviceAsync(Transaction transaction, string accountId, string id, string? deviceId) => transaction.QueryAsync<EndedSession>(
        $"DELETE FROM sessions WHERE account_id = @accountId AND (id = @id OR device_id = @deviceId) {Ended}", new { accountId, id, deviceId = deviceId ?? "" });

    /// <summary>What was viewed by sessions that have ended.</summary>
    public async Task<List<EndedSession>> RemoveViewingsAsync(Transaction transaction, IReadOnlyList<string> actorSessionIds) => actorSessionIds.Count == 0 ? [] : await transaction.QueryAsync<EndedSession>(
        $"DELETE FROM sessions WHERE actor_session_id IN ({string.Join(", ", actorSessionIds.Select((_, i) => $"@id{i}"))}) {Ended}",
        actorSessionIds.Select((id, i) => KeyValuePair.Create($"id{i}", (object)id)).ToDictionary());

    public Task SetSeenAsync(Transaction transaction, string id, long now) =>
        transaction.ExecuteAsync("UPDATE sessions SET last_seen_at = @now WHERE id = @id AND last_seen_at < @now", new { id, now });

    public Task SetProvedAsync(Transaction transaction, string id, long authenticatedAt, long? factorAt, string amr) => transaction.ExecuteAsync(
        "UPDATE sessions SET authenticated_at = @authenticatedAt, factor_at = @factorAt, amr = @amr WHERE id = @id", new { id, authenticatedAt, factorAt, amr });

    public Task SetCookieHashAsync(Transaction transaction, string id, byte[] hash) =>
        transaction.ExecuteAsync("UPDATE sessions SET cookie_hash = @hash WHERE id = @id", new { id, hash });

    /// <summary>The one statement that rotates a refresh token: of any number that present the same counter, one moves it on.</summary>
    public async Task<bool> TryRotateAsync(Transaction transaction, string id, long counter, long now, long unusedSince) => await transaction.ExecuteAsync(
        "UPDATE sessions SET refresh_counter = refresh_counter + 1, refreshed_at = @now, last_seen_at = @now WHERE id = @id AND refresh_counter = @counter AND refreshed_at > @unusedSince",
        new { id, counter, now, unusedSince }) == 1;

    public Task<List<EndedSession>> PurgeAsync(Transaction transaction, long now, long idleSince, int most) => transaction.QueryAsync<EndedSession>(
        $"DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= @now OR last_seen_at <= @idleSince LIMIT @most) {Ended}", new { now, idleSince, most });
}
