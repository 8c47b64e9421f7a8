using Cardea.Foundation.Data;
using Microsoft.Extensions.Logging;

namespace Cardea.Features.Sessions;

/// <summary>Sessions by id, from memory while nothing about them has changed; and the only place that ends one.</summary>
public sealed partial class SessionDirectory
{
    public const string Topic = "session";
    private const int Capacity = 100_000;

    /// <summary>How exactly the last use is remembered: a write for each request would cost more than it tells.</summary>
    private static readonly TimeSpan SeenPrecision = TimeSpan.FromMinutes(1);

    private readonly Database _database;
    private readonly SessionStore _store;
    private readonly SessionsOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly SnapshotCache<Session> _cache;
    private readonly Func<string, Task<Session?>> _read;

    public SessionDirectory(Database database, SessionStore store, SessionsOptions options, Invalidations invalidations, TimeProvider clock, ILogger<SessionDirectory> log)
    {
        (_database, _store, _options, _clock, _log) = (database, store, options, clock, log);
        _cache = new(Topic, invalidations, Capacity);
        _read = id => database.ReadAsync(scope => store.FindAsync(scope, id));
    }

    /// <summary>The session if it lives, and notes that it was used.</summary>
    public async ValueTask<Session?> FindLiveAsync(string id)
    {
        var now = _clock.Milliseconds();
        if (await _cache.GetAsync(id, _read) is not { } session || !IsLive(session, now))
        {
            return null;
        }

        if (now - session.LastSeenAt > SeenPrecision.TotalMilliseconds)
        {
            await NoteSeenAsync(id, now);
        }

        return session;
    }

    public bool IsLive(Session session, long now) => now < session.ExpiresAt && now < session.LastSeenAt + (long)_options.Idle.TotalMilliseconds;

    public Task<List<Session>> ListLiveAsync(Scope scope, string accountId)
    {
        var now = _clock.Milliseconds();
        return _store.ListLiveAsync(scope, accountId, now, now - (long)_options.Idle.TotalMilliseconds);
    }

    /// <summary>The session goes on under another secret, and the cookie that it had opens nothing more.</summary>
    public async Task SetCookieHashAsync(Transaction transaction, string id, byte[] hash)
    {
        await _store.SetCookieHashAsync(transaction, id, hash);
        transaction.Invalidate(Topic, id);
    }

    /// <summary>Whoever uses the session has just proved again who they are, by these words of RFC 8176.</summary>
    public async Task ProveAgainAsync(Transaction transaction, string id, IReadOnlyList<string> amr, bool byFactor)
    {
        if (await _store.FindAsync(transaction, id) is { } session)
        {
            var now = _clock.Milliseconds();
            await _store.SetProvedAsync(transaction, id, now, byFactor ? now : session.FactorAt, string.Join(' ', session.Amr.Split(' ').Concat(amr).Distinct()));
            transaction.Invalidate(Topic, id);
        }
    }

    public async Task<bool> TryEndAsync(Transaction transaction, string id, string accountId)
    {
        if (!await _store.TryRemoveAsync(transaction, id, accountId))
        {
            return false;
        }

        transaction.Invalidate(Topic, id);
        return true;
    }

    /// <summary>Ends all sessions of an account, but for one if it is named. Their refresh tokens and access tokens end with them.</summary>
    public async Task<int> EndAllAsync(Transaction transaction, string accountId, string? except = null)
    {
        var ended = await _store.RemoveAllAsync(transaction, accountId, except);
        ended.ForEach(id => transaction.Invalidate(Topic, id));
        return ended.Count;
    }

    /// <summary>Ends a session, and every other that was made on the same device.</summary>
    public async Task<int> EndOfDeviceAsync(Transaction transaction, string accountId, string id, string? deviceId)
    {
        var ended = await _store.RemoveOfDeviceAsync(transaction, accountId, id, deviceId);
        ended.ForEach(one => transaction.Invalidate(Topic, one));
        return ended.Count;
    }

    /// <summary>A database that can't write now must not end a reader's session.</summary>
    private async Task NoteSeenAsync(string id, long now)
    {
        try
        {
            await _database.WriteAsync(async transaction =>
            {
                await _store.SetSeenAsync(transaction, id, now);
                transaction.Invalidate(Topic, id);
            });
        }
        catch (Exception fault) when (Dialect.IsOutage(fault))
        {
            LogNotSeen(fault.Message);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The last use of a session could not be noted: {Reason}")]
    private partial void LogNotSeen(string reason);
}
