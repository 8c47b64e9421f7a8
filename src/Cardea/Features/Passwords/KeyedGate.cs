namespace Cardea.Features.Passwords;

/// <summary>
/// Lets so many in at once for each key; so many others wait, no longer than <paramref name="patience"/>, and who comes while these wait is turned away: a flood of one key
/// makes neither the memory nor the wait grow. What nobody uses is forgotten.
/// </summary>
internal sealed class KeyedGate(int atOnce, int waiting, TimeSpan patience)
{
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>How many keys somebody uses.</summary>
    public int Count
    {
        get
        {
            lock (_entries)
            {
                return _entries.Count;
            }
        }
    }

    /// <returns>To be disposed when done; null for who is turned away.</returns>
    public async Task<IDisposable?> EnterAsync(string key, CancellationToken cancellation)
    {
        Entry entry;
        lock (_entries)
        {
            entry = _entries.TryGetValue(key, out var known) ? known : _entries[key] = new Entry(new SemaphoreSlim(atOnce));
            if (entry.Users == atOnce + waiting)
            {
                return null;
            }

            entry.Users++;
        }

        var isIn = false;
        try
        {
            isIn = await entry.Semaphore.WaitAsync(patience, cancellation);
        }
        finally
        {
            if (!isIn)
            {
                Leave(key, entry);
            }
        }

        return isIn ? new Pass(this, key, entry) : null;
    }

    private void Leave(string key, Entry entry)
    {
        lock (_entries)
        {
            if (--entry.Users == 0)
            {
                _entries.Remove(key);
                entry.Semaphore.Dispose();
            }
        }
    }

    private sealed record Entry(SemaphoreSlim Semaphore)
    {
        public int Users { get; set; }
    }

    private sealed class Pass(KeyedGate gate, string key, Entry entry) : IDisposable
    {
        public void Dispose()
        {
            entry.Semaphore.Release();
            gate.Leave(key, entry);
        }
    }
}
