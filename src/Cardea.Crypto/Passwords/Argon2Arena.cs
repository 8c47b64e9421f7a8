using System.Runtime.InteropServices;

namespace Cardea.Crypto.Passwords;

/// <summary>
/// The working memory of one password hash, kept between hashes.
/// </summary>
/// <remarks>
/// <para>
/// Memory fresh from the system costs one page fault per 4 KiB, which is most of the time of a 19 MiB hash. An arena pays that
/// once. It grows to the largest size asked for and stays there until <see cref="Release"/>.
/// </para>
/// <para>
/// Not thread safe: one arena serves one hash at a time. Keep as many arenas as hashes may run at once.
/// </para>
/// </remarks>
public sealed unsafe partial class Argon2Arena : IDisposable
{
    // The size of a huge page on x64 and on ARM64 with 4 KiB pages. Huge pages spare most misses of the address cache, which
    // Argon2 provokes by design.
    private const nuint HugePageBytes = 2 * 1024 * 1024;

    private byte* _memory;
    private nuint _capacity;
    private nuint _used;
    private void* _mapping;
    private nuint _mappingBytes;
    private bool _disposed;

    ~Argon2Arena() => Free();

    /// <summary>What the arena holds at the moment, in bytes.</summary>
    public long CapacityBytes => (long)_capacity;

    /// <summary>
    /// Memory of at least the given size, aligned to 64 bytes or better, its content arbitrary. It is valid until the next call of
    /// any method here, and only while the caller keeps the arena alive.
    /// </summary>
    internal byte* Take(long bytes)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        if ((nuint)bytes > _capacity)
        {
            Release();
            Allocate((nuint)bytes);
        }

        _used = Math.Max(_used, (nuint)bytes);
        return _memory;
    }

    /// <summary>Overwrites with zeros what was used since the last time: it could shorten a search for the password.</summary>
    public void Clear()
    {
        if (_used > 0)
        {
            NativeMemory.Clear(_memory, _used);
            _used = 0;
        }
    }

    /// <summary>Clears the memory and gives it back to the system. The arena can be used again, and then starts small.</summary>
    public void Release()
    {
        Clear();
        Free();
    }

    public void Dispose()
    {
        Release();
        _disposed = true;
        GC.SuppressFinalize(this);
    }

    private void Allocate(nuint bytes)
    {
        var rounded = (bytes + HugePageBytes - 1) & ~(HugePageBytes - 1);
        if (OperatingSystem.IsLinux() && Environment.Is64BitProcess && TryMap(rounded))
        {
            return;
        }

        _memory = (byte*)NativeMemory.AlignedAlloc(rounded, (nuint)Environment.SystemPageSize);
        _capacity = rounded;
    }

    private bool TryMap(nuint bytes)
    {
        // mmap promises page alignment only. One huge page more leaves room to start on a boundary; what is not touched is
        // address space and not memory.
        var mappingBytes = bytes + HugePageBytes;
        var mapping = Mmap(null, mappingBytes, ProtectionReadWrite, MapPrivateAnonymous, -1, 0);
        if ((nint)mapping == MapFailed)
        {
            return false;
        }

        _mapping = mapping;
        _mappingBytes = mappingBytes;
        _memory = (byte*)(((nuint)mapping + HugePageBytes - 1) & ~(HugePageBytes - 1));
        _capacity = bytes;

        // Advice only: where huge pages are switched off the arena works with small ones, somewhat slower.
        _ = Madvise(_memory, bytes, AdviceHugePage);
        return true;
    }

    private void Free()
    {
        if (_mapping is not null)
        {
            _ = Munmap(_mapping, _mappingBytes);
        }
        else if (_memory is not null)
        {
            NativeMemory.AlignedFree(_memory);
        }

        _memory = null;
        _mapping = null;
        _capacity = 0;
        _used = 0;
    }

    private const int ProtectionReadWrite = 1 | 2;
    private const int MapPrivateAnonymous = 0x02 | 0x20;
    private const int AdviceHugePage = 14;
    private const nint MapFailed = -1;

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Mmap(void* address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(void* address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Munmap(void* address, nuint length);
}
