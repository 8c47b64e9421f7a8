using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Faults;

/// <summary>Asks for the same thing again and again while something else goes wrong, and keeps what came and how long it took.</summary>
public sealed class Probe
{
    private readonly CancellationTokenSource _enough = new();
    private readonly ConcurrentQueue<(TimeSpan At, TimeSpan Took, Answer? Answer)> _answers = [];
    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly Task _asking;

    private Probe(Func<int, Task<Answer?>> ask, TimeSpan pause, int callers) => _asking = Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
    {
        while (!_enough.IsCancellationRequested)
        {
            var asked = Stopwatch.GetTimestamp();
            var answer = await ask(caller);
            _answers.Enqueue((Stopwatch.GetElapsedTime(_begun, asked), Stopwatch.GetElapsedTime(asked), answer));
            await Task.Delay(pause);
        }
    })));

    /// <summary>Since when it asks, to compare with <see cref="Answered"/>.</summary>
    public TimeSpan Now => Stopwatch.GetElapsedTime(_begun);

    public IReadOnlyCollection<(TimeSpan At, TimeSpan Took, Answer? Answer)> Answered => _answers;

    public int Count => _answers.Count;

    /// <param name="ask">Gets which of the callers asks.</param>
    /// <param name="pauseMilliseconds">How long each then rests.</param>
    /// <param name="callers">How many ask at once.</param>
    public static Probe Start(Func<int, Task<Answer?>> ask, int pauseMilliseconds = 50, int callers = 1) => new(ask, TimeSpan.FromMilliseconds(pauseMilliseconds), callers);

    public async Task StopAsync()
    {
        await _enough.CancelAsync();
        await _asking;
        _enough.Dispose();
    }

    public TimeSpan Percentile(double share, Func<(TimeSpan At, TimeSpan Took, Answer? Answer), bool>? which = null)
    {
        var sorted = _answers.Where(which ?? (_ => true)).Select(one => one.Took).Order().ToList();
        return sorted.Count == 0 ? TimeSpan.Zero : sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * share))];
    }

    /// <summary>How long after a moment the first good answer came that was asked for after it.</summary>
    public async Task<TimeSpan> FirstSuccessAfterAsync(TimeSpan moment)
    {
        while (true)
        {
            if (_answers.FirstOrDefault(one => one.At >= moment && one.Answer is { Status: HttpStatusCode.OK }) is { Answer: not null } first)
            {
                return first.At + first.Took - moment;
            }

            Assert.True(Now - moment < TimeSpan.FromSeconds(60), $"No success within a minute; last: {_answers.LastOrDefault().Answer}");
            await Task.Delay(20);
        }
    }

    /// <summary>Every answer is one of these, a 503 says when to come again, and none is missing.</summary>
    public void AllAre(params HttpStatusCode[] allowed)
    {
        Assert.NotEmpty(_answers);
        Assert.Empty(_answers.Where(one => one.Answer is null || !allowed.Contains(one.Answer.Status)).Select(one => $"after {one.Took.TotalSeconds:F1} s: {one.Answer?.Status.ToString() ?? "no answer"} {one.Answer?.Body}").Take(5));
        Assert.Empty(_answers.Where(one => one.Answer is { Status: HttpStatusCode.ServiceUnavailable } && one.Answer.Header("Retry-After") is null).Select(one => one.Answer!.Body).Take(5));
    }
}
