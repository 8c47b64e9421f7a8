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

    /// <summary>In the order of <see cref="ListLiveAsync"/>, up to this one.</summary>
    public Task<List<EndedSession>> RemoveOldestAsync(Transaction transaction, string accountId, long createdAt, string id) => transaction.QueryAsync<EndedSession>(
        $"DELETE FROM sessions WHERE account_id = @accountId AND created_at <= @createdAt AND (created_at < @createdAt OR id <= @id) AND actor_id IS NULL {Ended}", new { accountId, createdAt, id });

    /// <summary>The session, and all of the device.</summary>
    public Task<List<EndedSession>> RemoveOfDeviceAsync(Transaction transaction, string accountId, string id, string? deviceId) => transaction.QueryAsync<EndedSession>(
        $"DELETE FROM sessions WHERE account_id = @accountId AND (id = @id OR device_id = @deviceId) {Ended}", new { accountId, id, deviceId = deviceId ?? "" });

    /// <summary>What was viewed by sessions that are no more: of one administrator, or of all. One statement however many they were, and few rows to look at.</summary>
    public Task<List<EndedSession>> RemoveViewingsAsync(Transaction transaction, string? actorId) => transaction.QueryAsync<EndedSession>(
        $"""
        DELETE FROM sessions
        WHERE actor_session_id > '' AND (@actorId IS NULL OR actor_id = @actorId) AND NOT EXISTS (SELECT 1 FROM sessions own WHERE own.id = sessions.actor_session_id) {Ended}
        """,
        new { actorId });

    public Task SetSeenAsync(Transaction transaction, string id, long now) =>
        transaction.ExecuteAsync("UPDATE sessions SET last_seen_at = @now WHERE id = @id AND last_seen_at < @now", new { id, now });

    public Task SetProvedAsync(Transaction transaction, string id, long authenticatedAt, long? factorAt, string amr) => transaction.ExecuteAsync(
        "UPDATE sessions SET authenticated_at = @authenticatedAt, factor_at = @factorAt, amr = @amr WHERE id = @id", new { id, authenticatedAt, factorAt, amr });

    public Task SetCookieHashAsync(Transaction transaction, string id, byte[] hash) =>
        transaction.ExecuteAsync("UPDATE sessions SET cookie_hash = @hash WHERE id = @id", new { id, hash });

    /// <summary>
    /// The one statement that rotates a refresh token: of any number that present the same counter, one moves it on. When that was is told by the database's clock, since the next to ask may be a node whose own is apart from this one's.
    /// </summary>
    public async Task<bool> TryRotateAsync(Transaction transaction, string id, long counter, long now, long unusedFor) => await transaction.ExecuteAsync(
        $"""
        UPDATE sessions SET refresh_counter = refresh_counter + 1, refreshed_at = {transaction.Dialect.Now}, last_seen_at = @now
        WHERE id = @id AND refresh_counter = @counter AND refreshed_at > {transaction.Dialect.Now} - @unusedFor
        """,
        new { id, counter, now, unusedFor }) == 1;

    /// <summary>How long ago a refresh token was rotated, while its successor is the newest; null when it isn't.</summary>
    public Task<long?> FindAgeAsync(Scope scope, string id, long successor, long now) => scope.FindAsync<long?>(
        $"SELECT {scope.Dialect.Now} - refreshed_at FROM sessions WHERE id = @id AND refresh_counter = @successor", new { id, successor, now });

    public Task<List<EndedSession>> PurgeExpiredAsync(Transaction transaction, long now, int most) => transaction.QueryAsync<EndedSession>(
        $"DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= @now ORDER BY expires_at LIMIT @most) {Ended}", new { now, most });

    /// <summary>Among the sessions with ids after one and up to another: the last use has no index, since each request may write it.</summary>
    public Task<List<EndedSession>> PurgeIdleAsync(Transaction transaction, long idleSince, string after, string until, int most) => transaction.QueryAsync<EndedSession>(
        $"DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE id > @after AND id <= @until AND last_seen_at <= @idleSince ORDER BY id LIMIT @most) {Ended}",
        new { idleSince, after, until, most });
}
