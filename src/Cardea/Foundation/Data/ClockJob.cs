using Cardea.Foundation.Jobs;
using Microsoft.Extensions.Logging;

namespace Cardea.Foundation.Data;

/// <summary>
/// Nodes have no clock in common but the database's. One that is apart from it makes tokens, links and codes run out too soon or too late, and refuses
/// the codes of people's phones; so the log says it before they do.
/// </summary>
public sealed partial class ClockJob(Database database, TimeProvider clock, ILogger<ClockJob> log) : Job("clock comparison", TimeSpan.FromMinutes(10), log)
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(5);

    protected override async Task TurnAsync(CancellationToken stopping)
    {
        var before = clock.Milliseconds();
        var theirs = await database.NowAsync(stopping);
        // The question takes time: only what lies outside of it is a difference.
        var apart = theirs is not { } there ? 0 : there < before ? before - there : Math.Max(there - clock.Milliseconds(), 0);
        if (apart > Tolerance.TotalMilliseconds)
        {
            LogApart(apart / 1000);
        }
    }

    [LoggerMessage(10, LogLevel.Warning, "This server's clock is {Seconds} s apart from the database's: synchronize both (NTP), since codes, links and tokens go by it")]
    private partial void LogApart(long seconds);
}
