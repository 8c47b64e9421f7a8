namespace Cardea.Foundation.Data;

/// <summary>
/// Whether somebody waits at the other end. A request that the database leaves without a word is better refused soon, so that who sent it can try
/// another node; a job or a command has all the time that the statement itself may take.
/// </summary>
public static class Haste
{
    private static readonly AsyncLocal<bool> Current = new();

    public static bool IsOn => Current.Value;

    /// <summary>From here on, for what the calling method awaits.</summary>
    public static void Begin() => Current.Value = true;
}

/// <summary>How long the database has been silent. Each answer begins it anew: slow work that goes on is not cut off, a dead line is.</summary>
internal sealed class Silence : IDisposable
{
    private readonly CancellationTokenSource _over;
    private readonly TimeSpan _longest;
    private long _heardAt = Environment.TickCount64;

    public Silence(TimeSpan longest, CancellationToken caller)
    {
        (_longest, _over) = (longest, CancellationTokenSource.CreateLinkedTokenSource(caller));
        _over.CancelAfter(longest);
    }

    /// <summary>Cancelled when it has lasted too long, or the caller has gone.</summary>
    public CancellationToken Token => _over.Token;

    public TimeSpan Left => _longest - TimeSpan.FromMilliseconds(Environment.TickCount64 - Interlocked.Read(ref _heardAt));

    public void Break()
    {
        Interlocked.Exchange(ref _heardAt, Environment.TickCount64);
        if (!_over.IsCancellationRequested)
        {
            _over.CancelAfter(_longest);
        }
    }

    public void Dispose() => _over.Dispose();
}
