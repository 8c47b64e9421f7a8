using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
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
    private readonly MayStillView _mayStillView;
    private readonly AuditLog _audit;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly SnapshotCache<Session> _cache;
    private readonly Func<string, Task<Session?>> _read;
    private readonly Walk _idleWalk = new("sessions");

    public SessionDirectory(
        Database database, SessionStore store, SessionsOptions options, MayStillView mayStillView, AuditLog audit, Invalidations invalidations, TimeProvider clock, ILogger<SessionDirectory> log)
    {
        (_database, _store, _options, _mayStillView, _audit, _clock, _log) = (database, store, options, mayStillView, audit, clock, log);
        _cache = new(Topic, invalidations, Capacity);
        _read = id => database.ReadAsync(scope => store.FindAsync(scope, id));
    }

    /// <summary>The session if it lives, and notes that it was used.</summary>
    public async ValueTask<Session?> FindLiveAsync(string id)
    {
        var now = _clock.Milliseconds();
        if (await _cache.GetAsync(id, _read) is not { } session || !IsLive(session, now) || (session.IsViewing && !await _mayStillView(session)))
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
            await _store.SetProvedAsync(transaction, id, now, byFactor ? now : session.FactorAt, string.Join(' ', session.AmrWords.Concat(amr).Distinct()));
            transaction.Invalidate(Topic, id);
        }
    }

    /// <param name="client">Who ends it, where that is known: it is told only of a viewing, since the others are told of by what ends them.</param>
    public async Task<bool> TryEndAsync(Transaction transaction, string id, string accountId, ClientInfo? client = null) =>
        await EndedAsync(transaction, await _store.RemoveAsync(transaction, id, accountId), accountId, client) > 0;

    /// <summary>Ends all sessions of an account, but for one if it is named. Their refresh tokens and access tokens end with them.</summary>
    public async Task<int> EndAllAsync(Transaction transaction, string accountId, string? except = null, ClientInfo? client = null) =>
        await EndedAsync(transaction, await _store.RemoveAllAsync(transaction, accountId, except), accountId, client);

    /// <summary>Ends a session of the owner's, and what is older: a limit that is new may find any number of them.</summary>
    public async Task<int> EndOldestAsync(Transaction transaction, string accountId, Session newest) =>
        await EndedAsync(transaction, await _store.RemoveOldestAsync(transaction, accountId, newest.CreatedAt, newest.Id), accountId);

    /// <summary>Ends a session, and every other that was made on the same device.</summary>
    public async Task<int> EndOfDeviceAsync(Transaction transaction, string accountId, string id, string? deviceId) =>
        await EndedAsync(transaction, await _store.RemoveOfDeviceAsync(transaction, accountId, id, deviceId), accountId);

    public async Task<int> PurgeExpiredAsync(Transaction transaction, long now, int most) =>
        await EndedAsync(transaction, await _store.PurgeExpiredAsync(transaction, now, most), null);

    public Task<int> PurgeIdleAsync(Transaction transaction, long now, int most) => _idleWalk.GoOnAsync(transaction, most, async (after, until) =>
        await EndedAsync(transaction, await _store.PurgeIdleAsync(transaction, now - (long)_options.Idle.TotalMilliseconds, after, until, most), null));

    /// <summary>Every end passes here: with a session ends what was viewed by it, and each viewing leaves a row that says when it was over.</summary>
    /// <param name="accountId">Whose they were; null where they were several accounts'.</param>
    private async Task<int> EndedAsync(Transaction transaction, List<EndedSession> ended, string? accountId, ClientInfo? client = null)
    {
        var viewings = ended.Exists(one => one.ActorId is null) ? await _store.RemoveViewingsAsync(transaction, accountId) : [];
        foreach (var session in ended.Concat(viewings))
        {
            transaction.Invalidate(Topic, session.Id);
            if (session.ActorId is not null)
            {
                await _audit.RecordAsync(transaction, SessionEvents.ViewingEnded, session.AccountId, client ?? ClientInfo.Server(""), sessionId: session.Id, actorId: session.ActorId);
            }
        }

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
