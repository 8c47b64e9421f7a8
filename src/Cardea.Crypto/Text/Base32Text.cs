using System.Diagnostics.CodeAnalysis;

namespace Cardea.Crypto.Text;

// RFC 4648 section 6: five bytes are eight characters of A–Z and 2–7, most significant bit first.
//
//   bytes mod 5      0   1   2   3   4
//   characters       0   2   4   5   7     in the last group; 1, 3 and 6 cannot occur
//
// This is the alphabet of authenticator secrets, which people type from a screen: so reading forgives case, spaces and padding, but never a wrong
// character. 0, 1 and 8 are not "corrected" to O, I and B: a guess that is wrong gives a secret that fails later, with no way to see why.

/// <summary>Base32 as authenticator apps use it: written in upper case without padding, read with a tolerance for typing. Source: RFC 4648 section 6.</summary>
public static class Base32Text
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>The text of <paramref name="bytes"/> in upper case without padding; empty for no bytes.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new char[(int)(((long)bytes.Length * 8 + 4) / 5)];
        int buffer = 0, bits = 0, next = 0;
        foreach (var value in bytes)
        {
            buffer = (buffer << 8) | value;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                text[next++] = Alphabet[(buffer >> bits) & 31];
            }

            buffer &= (1 << bits) - 1;
        }

        if (bits > 0)
        {
            text[next] = Alphabet[(buffer << (5 - bits)) & 31];
        }

        return new string(text);
    }

    /// <summary>Reads base32 in either case, with U+0020 spaces anywhere and up to six <c>=</c> at the end. Never throws.</summary>
    /// <returns>False, with null bytes, for any other character, for a <c>=</c> that is not at the end, for a length no encoder writes, and for
    /// unused bits that are not zero (a mistyped last character).</returns>
    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        var decoded = new byte[(int)((long)text.Length * 5 / 8)];
        int buffer = 0, bits = 0, written = 0, symbols = 0, padding = 0;
        foreach (var character in text)
        {
            if (character == ' ')
            {
                continue;
            }

            if (character == '=')
            {
                padding++;
                continue;
            }

            var value = ValueOf(character);
            if (value < 0 || padding > 0)
            {
                return false;
            }

            symbols++;
            buffer = (buffer << 5) | value;
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                decoded[written++] = (byte)(buffer >> bits);
                buffer &= (1 << bits) - 1;
            }
        }

        // Five or more bits left over mean a last group of 1, 3 or 6 characters; a remainder other than zero is a second spelling.
        if (bits >= 5 || buffer != 0 || padding > 6 || (padding > 0 && (symbols + padding) % 8 != 0))
        {
            return false;
        }

        bytes = decoded.AsSpan(0, written).ToArray();
        return true;
    }

    private static int ValueOf(char character) => character switch
    {
        >= 'A' and <= 'Z' => character - 'A',
        >= 'a' and <= 'z' => character - 'a',
        >= '2' and <= '7' => character - '2' + 26,
        _ => -1,
    };
}
