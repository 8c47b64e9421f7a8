using System.Collections.Concurrent;

namespace Cardea.Foundation.Data;

public readonly record struct Invalidation(string Topic, string Key);

/// <summary>
/// Where caches hear that something changed, in this process or in another one on the same database.
/// A cache may be believed only while <see cref="IsTrusted"/>: a node that can't hear the others must read the database.
/// </summary>
public sealed class Invalidations(TimeProvider clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Action<string>> _subscribers = new();
    private Action? _dropped;
    private long _heardAt = long.MinValue;
    private bool _listens;

    public bool IsTrusted => !Volatile.Read(ref _listens) || clock.GetElapsedTime(Interlocked.Read(ref _heardAt)) < Patience;

    /// <summary>One subscriber a topic: the cache that owns it.</summary>
    public void Subscribe(string topic, Action<string> drop, Action dropAll)
    {
        if (!_subscribers.TryAdd(topic, drop))
        {
            throw new InvalidOperationException($"The topic {topic} has a subscriber already.");
        }

        _dropped += dropAll;
    }

    public void Publish(Invalidation invalidation)
    {
        if (_subscribers.TryGetValue(invalidation.Topic, out var drop))
        {
            drop(invalidation.Key);
        }
    }

    /// <summary>Something may have been missed: everything is forgotten.</summary>
    public void DropAll() => _dropped?.Invoke();

    /// <summary>A moment for <see cref="Heard"/>.</summary>
    public long Now => clock.GetTimestamp();

    /// <summary>From the first call on, the caches are trusted only while the calls keep coming.</summary>
    /// <param name="asked">When the question was sent: an answer that was long under way tells of that moment and not of now.</param>
    public void Heard(long asked)
    {
        Interlocked.Exchange(ref _heardAt, asked);
        Volatile.Write(ref _listens, true);
    }
}
