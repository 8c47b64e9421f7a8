using System.Security.Cryptography;
using System.Text;

namespace Cardea.Crypto.Passwords;

// Django's default hasher:
//
//   pbkdf2_sha256$600000$saltaslettersanddigits$base64 of 32 bytes, with padding
//
// The salt is used as the text it is, not decoded.
internal sealed class DjangoPbkdf2Format : IForeignPasswordFormat
{
    internal const int MaxIterations = 5_000_000;

    private const string Head = "pbkdf2_sha256$";
    private const int DigestBytes = 32;
    private const int DigestChars = 44;
    private const int MaxSaltChars = 128;

    public bool Recognises(string stored) => stored.StartsWith(Head, StringComparison.Ordinal);

    public bool IsUsable(string stored) => TryRead(stored, stackalloc byte[DigestBytes], out _, out _);

    public bool Matches(ReadOnlySpan<byte> password, string stored, Argon2Arena arena)
    {
        Span<byte> expected = stackalloc byte[DigestBytes];
        if (!TryRead(stored, expected, out var iterations, out var saltText))
        {
            return false;
        }

        Span<byte> salt = stackalloc byte[saltText.Length];
        Encoding.ASCII.GetBytes(saltText, salt);
        Span<byte> actual = stackalloc byte[DigestBytes];
        Rfc2898DeriveBytes.Pbkdf2(password, salt, actual, iterations, HashAlgorithmName.SHA256);
        return CryptographicOperations.FixedTimeEquals(actual, expected);
    }

    private static bool TryRead(string stored, Span<byte> digest, out int iterations, out ReadOnlySpan<char> salt)
    {
        salt = default;
        var rest = stored.AsSpan();
        if (!PhcText.TryTakeNumber(ref rest, Head, '$', out iterations) || iterations is < 1 or > MaxIterations)
        {
            return false;
        }

        var saltChars = rest.IndexOf('$');
        if (saltChars is < 1 or > MaxSaltChars || !Ascii.IsValid(rest[..saltChars]))
        {
            return false;
        }

        salt = rest[..saltChars];
        var digestText = rest[(saltChars + 1)..];
        return digestText.Length == DigestChars && Convert.TryFromBase64Chars(digestText, digest, out var written) && written == DigestBytes;
    }
}
