using System.Diagnostics.Metrics;
using Cardea.Foundation.Data;
using Cardea.Foundation.Jobs;
using Cardea.Foundation.Web;
using Microsoft.Extensions.Logging;

namespace Cardea.Features.Sessions;

/// <summary>Counts the living sessions for the operator's plot.</summary>
public sealed class SessionCountJob : Job
{
    private readonly Database _database;
    private readonly SessionStore _store;
    private readonly SessionsOptions _options;
    private readonly TimeProvider _clock;
    private long _count;

    public SessionCountJob(Database database, SessionStore store, SessionsOptions options, TimeProvider clock, IMeterFactory meters, ILogger<SessionCountJob> log)
        : base("session count", TimeSpan.FromMinutes(1), log)
    {
        (_database, _store, _options, _clock) = (database, store, options, clock);
        meters.Create(Telemetry.Name).CreateObservableGauge("cardea.sessions", () => Volatile.Read(ref _count), "{session}", "Living sessions of all nodes, counted once a minute");
    }

    protected override async Task TurnAsync(CancellationToken stopping)
    {
        var now = _clock.Milliseconds();
        Volatile.Write(ref _count, await _database.ReadAsync(scope => _store.CountLiveAsync(scope, now, now - (long)_options.Idle.TotalMilliseconds), stopping));
    }
}
