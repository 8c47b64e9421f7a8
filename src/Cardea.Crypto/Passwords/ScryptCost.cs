namespace Cardea.Crypto.Passwords;

/// <summary>N = 2^LogCost, r and p of RFC 7914. As with Argon2id a stored hash names its own cost, and the bounds are ours.</summary>
internal readonly record struct ScryptCost(int LogCost, int BlockSize, int Parallelism)
{
    // N * r * 128 bytes are held, and written p times.
    internal const long MaxMemoryBytes = 256L * 1024 * 1024;
    internal const long MaxWorkBytes = 1024L * 1024 * 1024;

    private const int MaxLogCost = 24;
    private const int MaxBlockSize = 64;
    private const int MaxParallelism = 64;

    internal bool IsWithinBounds =>
        LogCost is >= 1 and <= MaxLogCost
        && BlockSize is >= 1 and <= MaxBlockSize
        && Parallelism is >= 1 and <= MaxParallelism
        && MemoryBytes <= MaxMemoryBytes
        && MemoryBytes * Parallelism <= MaxWorkBytes;

    private long MemoryBytes => (128L << LogCost) * BlockSize;

    /// <summary>Takes "ln=14,r=8,p=1$".</summary>
    internal static bool TryTake(ref ReadOnlySpan<char> rest, out ScryptCost cost)
    {
        cost = default;
        if (!PhcText.TryTakeNumber(ref rest, "ln=", ',', out var logCost)
            || !PhcText.TryTakeNumber(ref rest, "r=", ',', out var blockSize)
            || !PhcText.TryTakeNumber(ref rest, "p=", '$', out var parallelism))
        {
            return false;
        }

        cost = new(logCost, blockSize, parallelism);
        return cost.IsWithinBounds;
    }

    internal void Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, Span<byte> tag, Argon2Arena arena)
    {
        try
        {
            Scrypt.Derive(password, salt, 1 << LogCost, BlockSize, Parallelism, tag, arena);
        }
        finally
        {
            arena.Clear();
        }
    }
}
