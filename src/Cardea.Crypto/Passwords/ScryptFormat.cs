using System.Security.Cryptography;

namespace Cardea.Crypto.Passwords;

// scrypt in PHC form, as passlib and others write it:
//
//   $scrypt$ln=14,r=8,p=1$salt$tag          N = 2^ln; salt and tag in standard base64 without padding
internal sealed class ScryptFormat : IForeignPasswordFormat
{
    // N * r * 128 bytes are held, and written p times.
    internal const long MaxMemoryBytes = 256L * 1024 * 1024;
    internal const long MaxWorkBytes = 1024L * 1024 * 1024;

    private const string Head = "$scrypt$";
    private const int MaxLogCost = 24;
    private const int MaxBlockSize = 64;
    private const int MaxParallelism = 64;
    private const int MaxSaltBytes = 64;
    private const int MinTagBytes = 16;
    private const int MaxTagBytes = 64;

    public bool Recognises(string stored) => stored.StartsWith(Head, StringComparison.Ordinal);

    public bool Matches(ReadOnlySpan<byte> password, string stored, Argon2Arena arena)
    {
        var rest = stored.AsSpan(Head.Length);
        if (!PhcText.TryTakeNumber(ref rest, "ln=", ',', out var logCost)
            || !PhcText.TryTakeNumber(ref rest, "r=", ',', out var blockSize)
            || !PhcText.TryTakeNumber(ref rest, "p=", '$', out var parallelism)
            || logCost is < 1 or > MaxLogCost
            || blockSize is < 1 or > MaxBlockSize
            || parallelism is < 1 or > MaxParallelism)
        {
            return false;
        }

        var memoryBytes = (128L << logCost) * blockSize;
        if (memoryBytes > MaxMemoryBytes
            || memoryBytes * parallelism > MaxWorkBytes
            || !PhcText.TryTakeLastTwoValues(rest, out var salt, out var expected)
            || salt.Length > MaxSaltBytes
            || expected.Length is < MinTagBytes or > MaxTagBytes)
        {
            return false;
        }

        Span<byte> actual = stackalloc byte[expected.Length];
        try
        {
            Scrypt.Derive(password, salt, 1 << logCost, blockSize, parallelism, actual, arena);
        }
        finally
        {
            arena.Clear();
        }

        return CryptographicOperations.FixedTimeEquals(actual, expected);
    }
}
