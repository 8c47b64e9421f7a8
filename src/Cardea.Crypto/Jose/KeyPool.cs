using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Cardea.Crypto.Jose;

// .NET says of ECDsa and RSA that instance members are not guaranteed to be thread safe, and the platforms do differ. A key here is used by every
// request at once, so each use borrows an instance of its own; importing a key costs more than a signature, hence the pool.

/// <summary>Instances of one key, each lent to one caller at a time.</summary>
internal sealed class KeyPool<T>(Func<T> import)
    where T : AsymmetricAlgorithm
{
    private static readonly int MostIdle = Math.Max(16, 4 * Environment.ProcessorCount);

    private readonly ConcurrentQueue<T> _idle = [];
    private readonly Lock _importing = new();
    private volatile bool _closed;
    private int _idleCount;

    /// <summary>Takes an idle instance or imports another one. An instance whose use threw is not given back, but left to its finalizer.</summary>
    public T Borrow()
    {
        if (_idle.TryDequeue(out var instance))
        {
            Interlocked.Decrement(ref _idleCount);
            return instance;
        }

        // Closing waits for this lock: the key's bytes are cleared right after, and an import from half-cleared bytes would be another key.
        lock (_importing)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            return import();
        }
    }

    public void GiveBack(T instance)
    {
        if (Interlocked.Increment(ref _idleCount) > MostIdle)
        {
            Interlocked.Decrement(ref _idleCount);
            instance.Dispose();
            return;
        }

        _idle.Enqueue(instance);
        // Looked at after the queue, so that either the closer or this caller sees the other.
        if (_closed)
        {
            Drain();
        }
    }

    /// <summary>Imports no more and frees the idle instances; those on loan are freed as they come back.</summary>
    public void Close()
    {
        lock (_importing)
        {
            _closed = true;
        }

        Drain();
    }

    private void Drain()
    {
        while (_idle.TryDequeue(out var instance))
        {
            instance.Dispose();
        }
    }
}
