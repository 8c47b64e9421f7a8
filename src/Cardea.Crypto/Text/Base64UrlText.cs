using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace Cardea.Crypto.Text;

// RFC 4648 section 5 without padding, in its one canonical spelling per byte string.
//
//   bytes mod 3   last group      unused bits in the last character
//   0             4 characters    0
//   1             2 characters    4, must be zero
//   2             3 characters    2, must be zero
//
// The lax decoders of the field skip white space, take padding and ignore the unused bits: then one token has many spellings, and whatever is
// keyed by its text (a deny list, a cache, a "used once" row) is passed by with another spelling. Section 3.5 allows refusing; we do.

/// <summary>Strict base64url: no padding, no white space, canonical only. Source: RFC 4648 sections 3.2, 3.5 and 5.</summary>
public static class Base64UrlText
{
    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    /// <summary>The text of <paramref name="bytes"/>, without padding; empty for no bytes.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) => Base64Url.EncodeToString(bytes);

    /// <summary>How many bytes a text of <paramref name="characters"/> characters (0 or more) decodes to, were it valid.</summary>
    public static int DecodedLength(int characters) => (int)((long)characters * 3 / 4);

    /// <summary>Reads canonical base64url of any length, the empty text included. Never throws.</summary>
    /// <returns>False, with null bytes, for any other character, for padding, for a length no encoder writes, and for unused bits that are not zero.</returns>
    public static bool TryDecode(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        // Looked at before the allocation, so that refusing a long text costs no memory.
        if (!IsWellFormed(text))
        {
            return false;
        }

        var decoded = new byte[DecodedLength(text.Length)];
        if (!TryDecode(text, decoded, out _))
        {
            return false;
        }

        bytes = decoded;
        return true;
    }

    /// <summary>Reads canonical base64url into <paramref name="destination"/>. Never throws.</summary>
    /// <returns>False under the same conditions as the other overload, and when <paramref name="destination"/> is shorter than
    /// <see cref="DecodedLength"/>; it may then be partly overwritten.</returns>
    public static bool TryDecode(ReadOnlySpan<char> text, Span<byte> destination, out int written)
    {
        written = 0;
        // Not the framework's TryDecodeFromChars, which throws on unused bits that are not zero: an attacker's text would end as a 500.
        if (!IsWellFormed(text) || destination.Length < DecodedLength(text.Length)
            || Base64Url.DecodeFromChars(text, destination, out _, out var decoded) != OperationStatus.Done)
        {
            return false;
        }

        // Every character is of the alphabet, so only the last, partial group can be a second spelling: encode it again and compare.
        var partial = decoded % 3;
        if (partial > 0)
        {
            Span<char> again = stackalloc char[4];
            var length = Base64Url.EncodeToChars(destination[(decoded - partial)..decoded], again);
            if (!text.EndsWith(again[..length], StringComparison.Ordinal))
            {
                return false;
            }
        }

        written = decoded;
        return true;
    }

    private static bool IsWellFormed(ReadOnlySpan<char> text) => text.Length % 4 != 1 && !text.ContainsAnyExcept(Alphabet);
}
