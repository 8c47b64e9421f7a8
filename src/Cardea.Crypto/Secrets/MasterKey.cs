using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Cardea.Crypto.Secrets;

// The key file:    base64(32 random bytes), 44 characters, RFC 4648 section 4 with padding
// A derived key:   HKDF-SHA256(ikm = the 32 bytes, salt = none, info = "cardea/v1/" ‖ purpose)        RFC 5869
//
// The key never encrypts or signs by itself: each purpose gets its own key, so that what one use gives away says nothing about another. A salt
// would add nothing, as the input is already uniform (RFC 5869 section 3.1).

/// <summary>The one secret kept outside the database: 256 random bits from which every other key of the installation is derived.</summary>
public sealed class MasterKey
{
    /// <summary>The size of the key in bytes.</summary>
    public const int SizeInBytes = 32;

    private const string PurposePrefix = "cardea/v1/";

    private readonly byte[] _bytes;

    private MasterKey(byte[] bytes) => _bytes = bytes;

    /// <summary>A new key from the operating system's random source.</summary>
    public static MasterKey Generate() => new(RandomNumberGenerator.GetBytes(SizeInBytes));

    /// <summary>Reads a key as <see cref="ToBase64"/> writes it; white space around it (the newline of a key file) is trimmed. Never throws.</summary>
    /// <returns>False, with a null key, unless the text is canonical standard base64 of exactly 32 bytes that are not all equal. That last check
    /// catches the placeholder of a copied example (<c>AAAA…=</c>), not every weak key: the strength is the generator's.</returns>
    public static bool TryParse(string? base64, [NotNullWhen(true)] out MasterKey? key)
    {
        key = null;
        var text = base64.AsSpan().Trim();
        var bytes = new byte[SizeInBytes];
        if (!Convert.TryFromBase64Chars(text, bytes, out var written) || written != SizeInBytes
            // The framework skips white space inside the text and ignores unused bits: encode again and compare.
            || !text.SequenceEqual(Convert.ToBase64String(bytes))
            || !bytes.AsSpan().ContainsAnyExcept(bytes[0]))
        {
            return false;
        }

        key = new MasterKey(bytes);
        return true;
    }

    /// <summary>The key in standard base64, 44 characters: for writing the key file, and for nothing else.</summary>
    public string ToBase64() => Convert.ToBase64String(_bytes);

    /// <summary>Derives the key of one purpose; the same purpose and length always give the same bytes.</summary>
    /// <param name="purpose">A constant that names the use, such as <c>at-rest/signing-keys</c>; not empty, never taken from a request.</param>
    /// <param name="length">Length in bytes, 16 to 8,160 (255 blocks of SHA-256, RFC 5869 section 2.3).</param>
    /// <exception cref="ArgumentException">The purpose is empty or white space.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The length is outside its range.</exception>
    public byte[] Derive(string purpose, int length = 32)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(purpose);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 16);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, 255 * SHA256.HashSizeInBytes);
        return HKDF.DeriveKey(HashAlgorithmName.SHA256, _bytes, length, salt: null, info: Encoding.UTF8.GetBytes(PurposePrefix + purpose));
    }

    /// <summary>Says what this is, never its value.</summary>
    public override string ToString() => "[master key]";
}
