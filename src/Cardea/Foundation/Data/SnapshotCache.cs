using System.Collections.Concurrent;

namespace Cardea.Foundation.Data;

/// <summary>
/// Rows kept in memory until somebody says that they changed. A row that was read before a change and would be put in after it
/// is left out: the stripe's version is taken before the read and must be the same when the row arrives.
/// </summary>
public sealed class SnapshotCache<T>
    where T : class
{
    private const int Stripes = 1024;

    private readonly ConcurrentDictionary<string, T> _rows = new(StringComparer.Ordinal);
    private readonly long[] _versions = new long[Stripes];
    private readonly Invalidations _invalidations;
    private readonly int _capacity;

    public SnapshotCache(string topic, Invalidations invalidations, int capacity)
    {
        _invalidations = invalidations;
        _capacity = capacity;
        invalidations.Subscribe(topic, Drop, DropAll);
    }

    public async ValueTask<T?> GetAsync(string key, Func<string, Task<T?>> read)
    {
        var trusted = _invalidations.IsTrusted;
        if (trusted && _rows.TryGetValue(key, out var known))
        {
            return known;
        }

        var stripe = Stripe(key);
        var version = Volatile.Read(ref _versions[stripe]);
        var row = await read(key);
        if (row is not null && trusted)
        {
            if (_rows.Count >= _capacity)
            {
                _rows.Clear();
            }

            _rows[key] = row;
            if (Volatile.Read(ref _versions[stripe]) != version)
            {
                _rows.TryRemove(key, out _);
            }
        }

        return row;
    }

    private void Drop(string key)
    {
        Interlocked.Increment(ref _versions[Stripe(key)]);
        _rows.TryRemove(key, out _);
    }

    private void DropAll()
    {
        for (var stripe = 0; stripe < Stripes; stripe++)
        {
            Interlocked.Increment(ref _versions[stripe]);
        }

        _rows.Clear();
    }

    private static int Stripe(string key) => (key.GetHashCode(StringComparison.Ordinal) & int.MaxValue) % Stripes;
}
