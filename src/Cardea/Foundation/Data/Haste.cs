namespace Cardea.Foundation.Data;

/// <summary>
/// Whether somebody waits at the other end. A request that the database leaves without a word is better refused soon, so that who sent it can try
/// another node; a job or a command has all the time that the statement itself may take.
/// </summary>
public static class Haste
{
    private static readonly AsyncLocal<long?> Begun = new();

    /// <summary>How long it has been waited for already; null when nobody waits.</summary>
    internal static TimeSpan? Waited => Begun.Value is { } begun ? TimeSpan.FromMilliseconds(Environment.TickCount64 - begun) : null;

    /// <summary>From here on, for what the calling method awaits.</summary>
    public static void Begin() => Begun.Value = Environment.TickCount64;
}

/// <summary>How long the database has been silent. Each answer begins it anew: slow work that goes on is not cut off before its end, a dead line is.</summary>
internal sealed class Silence : IDisposable
{
    private readonly CancellationTokenSource _over;
    private readonly TimeSpan _longest;
    private readonly long _end;
    private long _heardAt = Environment.TickCount64;

    /// <param name="longest">How long it may be silent at a time.</param>
    /// <param name="altogether">How long all of it may take.</param>
    /// <param name="caller">Who may lose interest earlier.</param>
    public Silence(TimeSpan longest, TimeSpan altogether, CancellationToken caller)
    {
        (_longest, _over) = (longest, CancellationTokenSource.CreateLinkedTokenSource(caller));
        _end = _heardAt + (long)altogether.TotalMilliseconds;
        _over.CancelAfter(Left);
    }

    /// <summary>Cancelled when it has lasted too long, or the caller has gone.</summary>
    public CancellationToken Token => _over.Token;

    /// <summary>Less than nothing when it is over.</summary>
    public TimeSpan Left
    {
        get
        {
            var now = Environment.TickCount64;
            return TimeSpan.FromMilliseconds(Math.Min((long)_longest.TotalMilliseconds - (now - Interlocked.Read(ref _heardAt)), _end - now));
        }
    }

    public void Break()
    {
        Interlocked.Exchange(ref _heardAt, Environment.TickCount64);
        if (!_over.IsCancellationRequested)
        {
            _over.CancelAfter(Left is { Ticks: > 0 } left ? left : TimeSpan.Zero);
        }
    }

    public void Dispose() => _over.Dispose();
}
