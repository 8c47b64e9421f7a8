namespace Cardea.Features.Passwords;

/// <summary>Lets so many in at once for each key; the others wait. What nobody uses is forgotten.</summary>
internal sealed class KeyedGate(int atOnce)
{
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    public async Task<IDisposable> EnterAsync(string key, CancellationToken cancellation)
    {
        Entry entry;
        lock (_entries)
        {
            entry = _entries.TryGetValue(key, out var known) ? known : _entries[key] = new Entry(new SemaphoreSlim(atOnce));
            entry.Users++;
        }

        try
        {
            await entry.Semaphore.WaitAsync(cancellation);
        }
        catch
        {
            Leave(key, entry);
            throw;
        }

        return new Pass(this, key, entry);
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
