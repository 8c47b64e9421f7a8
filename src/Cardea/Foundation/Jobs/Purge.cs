using Cardea.Foundation.Data;
using Microsoft.Extensions.Logging;

namespace Cardea.Foundation.Jobs;

/// <summary>
/// What a room throws away when it is over. At most <c>most</c> rows a call, so that nobody waits long behind it. Nothing may depend on it
/// having run: what is expired is refused by its date, not by its absence.
/// </summary>
public sealed record Purge(string Name, Func<Transaction, long, int, Task<int>> DeleteAsync)
{
    /// <summary>
    /// The other way round it counts: that something was used is known by a row alone, and a node whose clock is behind takes the thing itself for good when one that is ahead throws the row away. So that goes by so much later.
    /// </summary>
    public static readonly TimeSpan MarksKeptFor = TimeSpan.FromHours(1);
}

public sealed partial class PurgeJob(Database database, IEnumerable<Purge> purges, TimeProvider clock, ILogger<PurgeJob> log)
    : Job("purge", TimeSpan.FromMinutes(5), log)
{
    private const int Most = 500;

    protected override async Task TurnAsync(CancellationToken stopping)
    {
        foreach (var purge in purges)
        {
            int deleted;
            do
            {
                deleted = await database.WriteAsync(transaction => purge.DeleteAsync(transaction, clock.Milliseconds(), Most), stopping);
                if (deleted > 0)
                {
                    LogPurged(deleted, purge.Name);
                }
            }
            while (deleted == Most);
        }
    }

    [LoggerMessage(10, LogLevel.Debug, "Purged {Count} of {Name}")]
    private partial void LogPurged(int count, string name);
}
