using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Cardea.Crypto.Passwords;

// ASP.NET Core Identity: base64, with padding, of
//
//   version 2   00 | salt 16 | PBKDF2-HMAC-SHA1, 1,000 iterations, 32 bytes
//   version 3   01 | prf BE32 | iterations BE32 | salt length BE32 | salt | subkey       prf: 0 SHA1, 1 SHA256, 2 SHA512
internal sealed class AspNetIdentityFormat : IForeignPasswordFormat
{
    internal const int MaxIterations = 5_000_000;

    private const int Version2Iterations = 1_000;
    private const int Version2SaltBytes = 16;
    private const int Version2SubkeyBytes = 32;
    private const int Version3HeaderBytes = 13;
    private const int MinVersion3Part = 16;
    private const int MaxVersion3Part = 128;
    private const int MaxBlobBytes = Version3HeaderBytes + (2 * MaxVersion3Part);

    // The first base64 letter holds the high six bits of the version byte, which are zero in both; the second is A to D or, for
    // version 1, Q, as the rest of the byte is 00 or 01 and what follows is a PRF number or salt. No dollar occurs in base64.
    public bool Recognises(string stored) => stored.StartsWith('A') && !stored.Contains('$', StringComparison.Ordinal);

    public bool IsUsable(string stored) => TryRead(stored, stackalloc byte[MaxBlobBytes], out _);

    public bool Matches(ReadOnlySpan<byte> password, string stored, Argon2Arena arena)
    {
        if (!TryRead(stored, stackalloc byte[MaxBlobBytes], out var hash))
        {
            return false;
        }

        Span<byte> actual = stackalloc byte[hash.Subkey.Length];
        Rfc2898DeriveBytes.Pbkdf2(password, hash.Salt, actual, hash.Iterations, hash.Algorithm);
        return CryptographicOperations.FixedTimeEquals(actual, hash.Subkey);
    }

    private static bool TryRead(string stored, Span<byte> buffer, out Parts hash)
    {
        hash = default;
        if (!Convert.TryFromBase64String(stored, buffer, out var length) || length == 0)
        {
            return false;
        }

        ReadOnlySpan<byte> blob = buffer[..length];
        return blob[0] switch
        {
            0x00 => TryReadVersion2(blob[1..], out hash),
            0x01 => TryReadVersion3(blob, out hash),
            _ => false,
        };
    }

    private static bool TryReadVersion2(ReadOnlySpan<byte> saltAndSubkey, out Parts hash)
    {
        var fits = saltAndSubkey.Length == Version2SaltBytes + Version2SubkeyBytes;
        hash = fits ? new(HashAlgorithmName.SHA1, Version2Iterations, saltAndSubkey[..Version2SaltBytes], saltAndSubkey[Version2SaltBytes..]) : default;
        return fits;
    }

    private static bool TryReadVersion3(ReadOnlySpan<byte> blob, out Parts hash)
    {
        hash = default;
        if (blob.Length < Version3HeaderBytes)
        {
            return false;
        }

        var prf = BinaryPrimitives.ReadUInt32BigEndian(blob[1..]);
        var iterations = BinaryPrimitives.ReadUInt32BigEndian(blob[5..]);
        var saltBytes = BinaryPrimitives.ReadUInt32BigEndian(blob[9..]);
        var afterHeader = blob[Version3HeaderBytes..];
        if (prf > 2 || iterations is < 1 or > MaxIterations || saltBytes is < MinVersion3Part or > MaxVersion3Part)
        {
            return false;
        }

        var subkeyBytes = afterHeader.Length - (int)saltBytes;
        if (subkeyBytes is < MinVersion3Part or > MaxVersion3Part)
        {
            return false;
        }

        var algorithm = prf switch
        {
            0 => HashAlgorithmName.SHA1,
            1 => HashAlgorithmName.SHA256,
            _ => HashAlgorithmName.SHA512,
        };
        hash = new(algorithm, (int)iterations, afterHeader[..(int)saltBytes], afterHeader[(int)saltBytes..]);
        return true;
    }

    private readonly ref struct Parts(HashAlgorithmName algorithm, int iterations, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> subkey)
    {
        public HashAlgorithmName Algorithm { get; } = algorithm;

        public int Iterations { get; } = iterations;

        public ReadOnlySpan<byte> Salt { get; } = salt;

        public ReadOnlySpan<byte> Subkey { get; } = subkey;
    }
}
