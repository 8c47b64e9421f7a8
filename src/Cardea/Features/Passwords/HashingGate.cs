using System.Diagnostics;
using System.Diagnostics.Metrics;
using Cardea.Crypto.Passwords;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passwords;

/// <summary>
/// Where password hashes are computed: as many at once as there are cores, on threads of their own, each with the memory for one hash. Others
/// wait in a short and fair line; what can't be begun within <see cref="LongestWait"/> is turned away. So a flood of sign-ins costs a bounded amount of
/// memory, requests that need no hash never stand behind it, and neither does somebody from elsewhere who signs in.
/// </summary>
public sealed class HashingGate : IDisposable
{
    private const int LongestLine = 50;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRemains = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdleBeforeRelease = TimeSpan.FromSeconds(30);

    private readonly FairLine<Work> _line = new(LongestLine);
    private readonly Thread[] _threads;
    private readonly PasswordHasher _hasher;
    private readonly Histogram<double> _waits;
    private readonly Counter<long> _turnedAway;

    public HashingGate(PasswordsOptions options, IMeterFactory meters)
    {
        _hasher = new PasswordHasher(options.Cost);
        var meter = meters.Create(Telemetry.Name);
        _waits = meter.CreateHistogram<double>("cardea.hashing.wait", "s", "How long a password waited for its hash to begin");
        _turnedAway = meter.CreateCounter<long>("cardea.hashing.turned_away", "{password}", "Passwords that were not looked at because the line was too long");
        meter.CreateObservableGauge("cardea.hashing.queue", () => _line.Count, "{password}", "Passwords that wait for their hash to begin");
        _threads = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(number => new Thread(Run) { IsBackground = true, Name = $"Password hashing {number}" })];
        Array.ForEach(_threads, thread => thread.Start());
    }

    /// <returns>The hash as PHC string, or null when the server is too busy.</returns>
    public Task<string?> HashAsync(PlainPassword password, HashingPlace place) => EnterAsync<string?>(place, arena => _hasher.Hash(password.Utf8, arena));

    /// <param name="password">As it was typed.</param>
    /// <param name="stored">What is known of the right one; null does the same work and fails, for accounts that don't exist or have none.</param>
    /// <param name="place">Whose turn it uses.</param>
    /// <returns>The verdict, or null when the server is too busy.</returns>
    public Task<PasswordVerdict?> VerifyAsync(PlainPassword password, string? stored, HashingPlace place) => EnterAsync<PasswordVerdict?>(place, arena =>
    {
        var verdict = _hasher.Verify(password.Utf8, stored ?? _hasher.DummyHash, arena);
        return stored is null ? PasswordVerdict.Failed : verdict;
    });

    /// <summary>Other work on a password that takes milliseconds, such as estimating how hard it is to guess: a flood must not do it on the requests' threads.</summary>
    /// <returns>Null when the server is too busy.</returns>
    public Task<T?> JudgeAsync<T>(Func<T> judge, HashingPlace place)
        where T : class => EnterAsync<T?>(place, _ => judge(), isHash: false);

    public void Dispose()
    {
        _line.Close();
        Array.ForEach(_threads, thread => thread.Join());
    }

    private async Task<T?> EnterAsync<T>(HashingPlace place, Func<Argon2Arena, T> hash, bool isHash = true)
    {
        using var activity = Telemetry.Activities.StartActivity(isHash ? "hash password" : "judge password");
        var work = new Work<T>(hash) { IsHash = isHash };
        _line.Add(place, work, out var pushedOut);
        if (pushedOut is not null)
        {
            _turnedAway.Add(1);
            pushedOut.TurnAway();
        }

        return await work.Task;
    }

    private void Run()
    {
        using var arena = new Argon2Arena();
        var hashedAt = 0L; // 0 when nothing is left of the last hash
        while (!_line.IsOver)
        {
            if (!_line.TryTake(TimeSpan.Zero, out var work))
            {
                // The next hash overwrites all that this one left; only where none waits must it be cleared.
                arena.Clear();
                hashedAt = 0;
                if (!_line.TryTake(IdleBeforeRelease, out work))
                {
                    arena.Release();
                    continue;
                }
            }

            var waited = Stopwatch.GetElapsedTime(work.ArrivedAt);
            if (hashedAt != 0 && (!work.IsHash || waited > LongestWait) && Stopwatch.GetElapsedTime(hashedAt) > LongestRemains)
            {
                // What comes next overwrites nothing. Not each time: while people sign up, a hash comes between two judgements and overwrites it all.
                arena.Clear();
                hashedAt = 0;
            }

            if (work.IsHash)
            {
                _waits.Record(waited.TotalSeconds);
            }

            if (waited > LongestWait)
            {
                _turnedAway.Add(1);
                work.TurnAway();
            }
            else
            {
                work.Run(arena);
                hashedAt = work.IsHash ? Stopwatch.GetTimestamp() : hashedAt;
            }
        }
    }

    private abstract class Work
    {
        public long ArrivedAt { get; } = Stopwatch.GetTimestamp();

        public bool IsHash { get; init; }

        public abstract void Run(Argon2Arena arena);

        public abstract void TurnAway();
    }

    private sealed class Work<T>(Func<Argon2Arena, T> hash) : Work
    {
        private readonly TaskCompletionSource<T?> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T?> Task => _done.Task;

        public override void Run(Argon2Arena arena)
        {
            try
            {
                _done.SetResult(hash(arena));
            }
            catch (Exception fault)
            {
                _done.SetException(fault);
            }
        }

        public override void TurnAway() => _done.SetResult(default);
    }
}
