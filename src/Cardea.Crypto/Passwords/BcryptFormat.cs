using System.Security.Cryptography;

namespace Cardea.Crypto.Passwords;

// bcrypt in the modular crypt format:
//
//   $2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW
//       │  └ salt, 22 characters for 16 bytes; then the tag, 31 characters for 23 bytes
//       └ cost, two digits: 2^cost rounds
//
// Base64 has its own alphabet here, "./A–Za–z0–9". The letters 2a, 2b and 2y name repaired editions that agree on all passwords that
// a correct program hashes; 2x, the broken one, is not read.
internal sealed class BcryptFormat : IForeignPasswordFormat
{
    internal const int MinLogCost = 4;
    internal const int MaxLogCost = 16;

    private const string Alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private const int TextChars = 60;
    private const int SaltStart = 7;
    private const int SaltChars = 22;

    public bool Recognises(string stored) =>
        stored.StartsWith("$2a$", StringComparison.Ordinal)
        || stored.StartsWith("$2b$", StringComparison.Ordinal)
        || stored.StartsWith("$2y$", StringComparison.Ordinal);

    public bool IsUsable(string stored) => TryRead(stored, stackalloc byte[Bcrypt.SaltBytes], stackalloc byte[Bcrypt.TagBytes], out _);

    public bool Matches(ReadOnlySpan<byte> password, string stored, Argon2Arena arena)
    {
        // bcrypt repeats password and final zero in a circle, so "x" and "x\0x" would be the same key. A password with a zero in it
        // cannot have been hashed by the programs that write this format, which read up to the first zero.
        Span<byte> salt = stackalloc byte[Bcrypt.SaltBytes];
        Span<byte> expected = stackalloc byte[Bcrypt.TagBytes];
        if (password.Contains((byte)0) || !TryRead(stored, salt, expected, out var logCost))
        {
            return false;
        }

        Span<byte> actual = stackalloc byte[Bcrypt.TagBytes];
        Bcrypt.Derive(password, salt, logCost, actual);
        return CryptographicOperations.FixedTimeEquals(actual, expected);
    }

    private static bool TryRead(string stored, Span<byte> salt, Span<byte> tag, out int logCost)
    {
        logCost = 0;
        if (stored.Length != TextChars
            || !char.IsAsciiDigit(stored[4]) || !char.IsAsciiDigit(stored[5]) || stored[6] != '$')
        {
            return false;
        }

        logCost = ((stored[4] - '0') * 10) + (stored[5] - '0');
        return logCost is >= MinLogCost and <= MaxLogCost
            && TryDecode(stored.AsSpan(SaltStart, SaltChars), salt)
            && TryDecode(stored.AsSpan(SaltStart + SaltChars), tag);
    }

    // Spare bits of the last character are ignored: some writers leave random ones there.
    private static bool TryDecode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        var bits = 0u;
        var bitCount = 0;
        var written = 0;
        foreach (var character in text)
        {
            var value = Alphabet.IndexOf(character, StringComparison.Ordinal);
            if (value < 0)
            {
                return false;
            }

            bits = (bits << 6) | (uint)value;
            bitCount += 6;
            if (bitCount >= 8 && written < bytes.Length)
            {
                bitCount -= 8;
                bytes[written++] = (byte)(bits >> bitCount);
            }
        }

        return written == bytes.Length;
    }
}
