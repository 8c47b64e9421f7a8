using System.Collections.Concurrent;
using System.Diagnostics;

namespace Cardea.Tests.Harness;

/// <summary>How long answers took that were asked for again and again while something else went on.</summary>
public sealed class Latencies
{
    private readonly ConcurrentQueue<double> _taken = new();

    public int Count => _taken.Count;

    /// <summary>Asks, waits a little, and asks again, until told to stop.</summary>
    public async Task AskAsync(Func<Task> ask, TimeSpan pause, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var begun = Stopwatch.GetTimestamp();
            await ask();
            _taken.Enqueue(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            await Task.Delay(pause, CancellationToken.None);
        }
    }

    /// <summary>In milliseconds.</summary>
    public double Percentile(int percent)
    {
        var sorted = _taken.Order().ToArray();
        return sorted[Math.Min(sorted.Length - 1, sorted.Length * percent / 100)];
    }

    public override string ToString() => $"{Count} asked, p50 {Percentile(50):F0} ms, p95 {Percentile(95):F0} ms, p99 {Percentile(99):F0} ms";
}
