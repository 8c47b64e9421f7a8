using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Cardea.Crypto.Passwords;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passwords;

/// <summary>
/// Where password hashes are computed: as many at once as there are cores, on threads of their own, each with the memory for one hash. Others
/// wait in a short line; what can't be begun within <see cref="LongestWait"/> is turned away. So a flood of sign-ins costs a bounded amount of
/// memory, and requests that need no hash never stand behind it.
/// </summary>
public sealed class HashingGate : IDisposable
{
    private const int LongestLine = 256;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan IdleBeforeRelease = TimeSpan.FromSeconds(30);

    private readonly BlockingCollection<Work> _line = new(LongestLine);
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
    public Task<string?> HashAsync(PlainPassword password) => EnterAsync<string?>(arena => _hasher.Hash(password.Utf8, arena));

    /// <param name="password">As it was typed.</param>
    /// <param name="stored">What is known of the right one; null does the same work and fails, for accounts that don't exist or have none.</param>
    /// <returns>The verdict, or null when the server is too busy.</returns>
    public Task<PasswordVerdict?> VerifyAsync(PlainPassword password, string? stored) => EnterAsync<PasswordVerdict?>(arena =>
    {
        var verdict = _hasher.Verify(password.Utf8, stored ?? _hasher.DummyHash, arena);
        return stored is null ? PasswordVerdict.Failed : verdict;
    });

    public void Dispose()
    {
        _line.CompleteAdding();
        Array.ForEach(_threads, thread => thread.Join());
        _line.Dispose();
    }

    private async Task<T?> EnterAsync<T>(Func<Argon2Arena, T> hash)
    {
        using var activity = Telemetry.Activities.StartActivity("hash password");
        var work = new Work<T>(hash);
        if (_line.IsAddingCompleted || !_line.TryAdd(work))
        {
            _turnedAway.Add(1);
            return default;
        }

        return await work.Task;
    }

    private void Run()
    {
        using var arena = new Argon2Arena();
        while (!_line.IsCompleted)
        {
            if (!_line.TryTake(out var work))
            {
                // The next hash overwrites all that this one left; only where none waits must it be cleared.
                arena.Clear();
                if (!_line.TryTake(out work, IdleBeforeRelease))
                {
                    arena.Release();
                    continue;
                }
            }

            var waited = Stopwatch.GetElapsedTime(work.ArrivedAt);
            _waits.Record(waited.TotalSeconds);
            if (waited > LongestWait)
            {
                _turnedAway.Add(1);
                work.TurnAway();
            }
            else
            {
                work.Run(arena);
            }
        }
    }

    private abstract class Work
    {
        public long ArrivedAt { get; } = Stopwatch.GetTimestamp();

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
