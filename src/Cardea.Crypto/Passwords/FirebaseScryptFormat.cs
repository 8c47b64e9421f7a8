using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace Cardea.Crypto.Passwords;

// Firebase Authentication's own use of scrypt:
//
//   key    = scrypt(password, salt ‖ separator, N = 2^mem_cost, r = rounds, p = 1, 32 bytes)
//   hash   = signer key ^ AES-256-CTR(key, counter from zero)           the project's signer key is what is encrypted
//
// Whoever knows the signer key can take it off again, and what is left depends on the password and the salt alone. That is kept, so that
// no row needs the project's key, as
//
//   $firebase-scrypt$ln=14,r=8,p=1$salt ‖ separator$AES-256-CTR(key)          base64 without padding, as in PHC strings

/// <summary>Hashes of Firebase Authentication, once <see cref="ToStored"/> has taken the project's signer key off them.</summary>
public sealed class FirebaseScryptFormat : IForeignPasswordFormat
{
    private const string Head = "$firebase-scrypt$";
    private const int KeyBytes = 32;
    private const int BlockBytes = 16;

    /// <summary>The form that is stored; null where hash and key do not belong together or the cost is above the cap.</summary>
    /// <param name="signerKey">Of the project: <c>base64_signer_key</c>.</param>
    /// <param name="separator">Of the project: <c>base64_salt_separator</c>.</param>
    /// <param name="rounds">Of the project.</param>
    /// <param name="memoryCost">Of the project: <c>mem_cost</c>.</param>
    /// <param name="salt">The account's.</param>
    /// <param name="hash">The account's.</param>
    public static string? ToStored(
        ReadOnlySpan<byte> signerKey, ReadOnlySpan<byte> separator, int rounds, int memoryCost, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> hash)
    {
        if (hash.Length != signerKey.Length || hash.Length is < ScryptFormat.MinTagBytes or > ScryptFormat.MaxTagBytes || salt.Length + separator.Length > ScryptFormat.MaxSaltBytes)
        {
            return null;
        }

        var keyStream = hash.ToArray();
        for (var at = 0; at < keyStream.Length; at++)
        {
            keyStream[at] ^= signerKey[at];
        }

        var stored = string.Create(CultureInfo.InvariantCulture, $"{Head}ln={memoryCost},r={rounds},p=1${PhcText.Encode([.. salt, .. separator])}${PhcText.Encode(keyStream)}");
        return ScryptFormat.TryRead(stored, Head, out _, out _, out _) ? stored : null;
    }

    bool IForeignPasswordFormat.Recognises(string stored) => stored.StartsWith(Head, StringComparison.Ordinal);

    bool IForeignPasswordFormat.IsUsable(string stored) => ScryptFormat.TryRead(stored, Head, out _, out _, out _);

    bool IForeignPasswordFormat.Matches(ReadOnlySpan<byte> password, string stored, Argon2Arena arena)
    {
        if (!ScryptFormat.TryRead(stored, Head, out var cost, out var salt, out var expected))
        {
            return false;
        }

        var key = new byte[KeyBytes];
        cost.Derive(password, salt, key, arena);
        Span<byte> actual = stackalloc byte[(expected.Length + BlockBytes - 1) / BlockBytes * BlockBytes];
        KeyStream(key, actual);
        CryptographicOperations.ZeroMemory(key);
        return CryptographicOperations.FixedTimeEquals(actual[..expected.Length], expected);
    }

    // NIST SP 800-38A section 6.5, counter mode: the encrypted counter blocks 0, 1, 2, …
    private static void KeyStream(byte[] key, Span<byte> stream)
    {
        stream.Clear();
        for (var block = 0; block < stream.Length / BlockBytes; block++)
        {
            BinaryPrimitives.WriteInt32BigEndian(stream[((block * BlockBytes) + BlockBytes - sizeof(int))..], block);
        }

        using var aes = Aes.Create();
        aes.Key = key;
        aes.EncryptEcb(stream, stream, PaddingMode.None);
    }
}
