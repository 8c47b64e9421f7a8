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

    public bool Matches(ReadOnlySpan<byte> password, string stored, Argon2Arena arena)
    {
        Span<byte> buffer = stackalloc byte[MaxBlobBytes];
        if (!Convert.TryFromBase64String(stored, buffer, out var length) || length == 0)
        {
            return false;
        }

        ReadOnlySpan<byte> blob = buffer[..length];
        return blob[0] switch
        {
            0x00 => MatchesVersion2(password, blob[1..]),
            0x01 => MatchesVersion3(password, blob),
            _ => false,
        };
    }

    private static bool MatchesVersion2(ReadOnlySpan<byte> password, ReadOnlySpan<byte> saltAndSubkey) =>
        saltAndSubkey.Length == Version2SaltBytes + Version2SubkeyBytes
        && MatchesSubkey(
            password, saltAndSubkey[..Version2SaltBytes], saltAndSubkey[Version2SaltBytes..], Version2Iterations, HashAlgorithmName.SHA1);

    private static bool MatchesVersion3(ReadOnlySpan<byte> password, ReadOnlySpan<byte> blob)
    {
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
        return MatchesSubkey(password, afterHeader[..(int)saltBytes], afterHeader[(int)saltBytes..], (int)iterations, algorithm);
    }

    private static bool MatchesSubkey(
        ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> expected, int iterations, HashAlgorithmName algorithm)
    {
        Span<byte> actual = stackalloc byte[expected.Length];
        Rfc2898DeriveBytes.Pbkdf2(password, salt, actual, iterations, algorithm);
        return CryptographicOperations.FixedTimeEquals(actual, expected);
    }
}
