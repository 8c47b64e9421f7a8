using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Cardea.Crypto.Jose;

// .NET says of ECDsa and RSA that instance members are not guaranteed to be thread safe, and the platforms do differ. A key here is used by every
// request at once, so each use borrows an instance of its own; importing a key costs about as much as one signature, hence the pool.

/// <summary>Instances of one key, each lent to one caller at a time.</summary>
internal sealed class KeyPool<T>(Func<T> import)
    where T : AsymmetricAlgorithm
{
    private static readonly int MostIdle = Math.Max(4, 2 * Environment.ProcessorCount);

    private readonly ConcurrentBag<T> _idle = [];
    private volatile bool _closed;

    public T Borrow()
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        return _idle.TryTake(out var instance) ? instance : import();
    }

    public void GiveBack(T instance)
    {
        if (_closed || _idle.Count >= MostIdle)
        {
            instance.Dispose();
            return;
        }

        _idle.Add(instance);
        // Closed between the look and the add: the closer may have missed this one.
        if (_closed)
        {
            Close();
        }
    }

    /// <summary>Frees the idle instances; those on loan are freed as they come back.</summary>
    public void Close()
    {
        _closed = true;
        while (_idle.TryTake(out var instance))
        {
            instance.Dispose();
        }
    }
}
