using System.Diagnostics.Metrics;
using Cardea.Features.Audit;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Challenges;

/// <summary>
/// Who has to work before a try, and how hard. Each node judges by what it has seen itself; what was solved once is known to all of them. Others' traffic makes
/// nobody's work harder than <see cref="MostForOthers"/>.
/// </summary>
public sealed class ChallengeDemand(
    ChallengesOptions options, WorkChallenges work, Pressure pressure, ChallengeStore store, KnownDevices devices, RequestLimiter limiter, Database database, AuditLog audit, TimeProvider clock, IMeterFactory meters)
{
    /// <summary>2^16 hashes on average: some thirty milliseconds on a desk, perhaps a tenth of a second on a phone.</summary>
    public const int Least = 16;

    /// <summary>While the whole server is under attack, for an address from which nothing comes amiss.</summary>
    public const int MostForOthers = 18;

    /// <summary>For an attacked address: half a second on a desk, and a phone may need two.</summary>
    public const int Most = 20;

    private static readonly TimeSpan BetweenNotes = TimeSpan.FromMinutes(10);

    /// <summary>
    /// A browser that has signed in here is let in without work, but not for guessing at others. Counted on the account, since it can have as many browsers as it likes.
    /// </summary>
    private static readonly Limit KnownBrowser = Limit.Requests("challenge-known-browser", 10, TimeSpan.FromMinutes(10));

    private readonly Counter<long> _outcomes = meters.Create(Telemetry.Name).CreateCounter<long>("cardea.challenges", "{request}", "Requests at challenged doors under attack, by what became of them: demanded, refused, solved, known_browser, waited");
    private long _notedAt = clock.GetTimestamp() - (long)(BetweenNotes.TotalSeconds * clock.TimestampFrequency);

    /// <returns>How many zero bits are due from an address now; 0 for no work.</returns>
    public int BitsFor(string address)
    {
        if (options.Mode is ChallengeMode.Off)
        {
            return 0;
        }

        var (own, all) = pressure.Of(address);
        var bits = Math.Max(Bits(own / options.FailuresOfAddress, Most), Bits(all / options.FailuresOfServer, MostForOthers));
        return options.Mode is ChallengeMode.Always ? Math.Max(bits, Least) : bits;
    }

    /// <summary>For who asks in advance.</summary>
    public WorkChallenge Issue(string purpose, int bits) => work.Issue(purpose, bits, counted: false);

    /// <summary>Uses a solution up. What is not one costs a MAC and a hash, and nothing is looked up for it.</summary>
    public async ValueTask<bool> TryUseAsync(string purpose, string solution, string address)
    {
        if (work.Read(solution, purpose) is not { } solved || !await database.WriteAsync(transaction => store.TryUseAsync(transaction, solved.Hash, solved.ExpiresAt)))
        {
            Count("refused");
            return false;
        }

        Count("solved");
        pressure.Add(address, solved.WasCounted ? -1 : 0);
        return true;
    }

    /// <summary>Uses up what is good once, such as a place in the line of those who wait instead.</summary>
    public async ValueTask<bool> TryUseAsync(byte[] hash, DateTimeOffset expiresAt)
    {
        var isUsed = await database.WriteAsync(transaction => store.TryUseAsync(transaction, hash, expiresAt.ToUnixTimeMilliseconds()));
        Count(isUsed ? "waited" : "refused");
        return isUsed;
    }

    /// <summary>The owner's own browser is never kept out by what others do, script or not.</summary>
    public async ValueTask<bool> IsKnownAsync(string? deviceToken)
    {
        if (deviceToken is null || await database.ReadAsync(scope => devices.FindAccountAsync(scope, deviceToken)) is not { } accountId || limiter.Enter(KnownBrowser, accountId) is not null)
        {
            return false;
        }

        Count("known_browser");
        return true;
    }

    /// <summary>Somebody was sent away to work. Counts, so that an attack that goes on against it is still one.</summary>
    public WorkChallenge Demand(string purpose, string address, int bits)
    {
        Count("demanded");
        pressure.Add(address, 1);
        return work.Issue(purpose, bits, counted: true);
    }

    /// <summary>A try that was let in came to nothing. The row of an attack on the whole server is written at most once in ten minutes.</summary>
    public void Failed(string address, ClientInfo client)
    {
        pressure.Add(address, 1);
        if (options.Mode is ChallengeMode.Off || pressure.Of(address).All < options.FailuresOfServer)
        {
            return;
        }

        var noted = Interlocked.Read(ref _notedAt);
        if (clock.GetElapsedTime(noted) >= BetweenNotes && Interlocked.CompareExchange(ref _notedAt, clock.GetTimestamp(), noted) == noted)
        {
            _ = NoteAsync(client);
        }
    }

    private async Task NoteAsync(ClientInfo client)
    {
        try
        {
            await database.WriteAsync(transaction => audit.RecordAsync(transaction, ChallengeEvents.ServerUnderAttack, null, client, new { FailuresAMinute = (int)pressure.Of(client.AddressGroup).All }));
        }
        catch (Exception fault) when (Dialect.IsOutage(fault) || fault is ObjectDisposedException)
        {
            // The request that came by is not at fault, and the next attack is noted again.
        }
    }

    /// <summary>Nothing below the line; above it a bit more for each doubling.</summary>
    private static int Bits(double times, int most) => times < 1 ? 0 : Math.Min(most, Least + (int)Math.Log2(times));

    private void Count(string outcome) => _outcomes.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
