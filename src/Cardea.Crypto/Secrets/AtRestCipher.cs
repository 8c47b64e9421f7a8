using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Cardea.Crypto.Secrets;

//   offset   0         1               13                    13 + n
//            ┌─────────┬───────────────┬─────────────────────┬──────────────┐
//            │ version │ nonce         │ ciphertext          │ tag          │
//            │ 1 byte  │ 12 bytes      │ n bytes             │ 16 bytes     │
//            │ = 1     │ random        │ n = plaintext       │              │
//            └─────────┴───────────────┴─────────────────────┴──────────────┘
//   AES-256-GCM (NIST SP 800-38D); associated data = UTF-8 of the caller's text.
//
// The associated data is the place where the value lives (table, column, row id). It is not stored: a sealed value moved to another row, by
// someone who may write to the database but has no key, does not open there.
// Random nonces: SP 800-38D section 8.3 allows 2^32 seals under one key, so each purpose derives its own key.

/// <summary>Authenticated encryption of what the database must keep but must not show. Safe for concurrent use.</summary>
public sealed class AtRestCipher
{
    /// <summary>How many bytes a sealed value is longer than its plaintext.</summary>
    public const int OverheadInBytes = 1 + NonceInBytes + TagInBytes;

    private const byte Version = 1;
    private const int NonceInBytes = 12;
    private const int TagInBytes = 16;

    private readonly byte[] _key;

    /// <summary>Takes a copy of the key.</summary>
    /// <param name="key">32 bytes, from <see cref="MasterKey.Derive"/>.</param>
    /// <exception cref="ArgumentException">The key is not 32 bytes long: a shorter one would silently choose AES-128 or AES-192.</exception>
    public AtRestCipher(byte[] key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length != 32)
        {
            throw new ArgumentException("The key must be 32 bytes long.", nameof(key));
        }

        _key = [.. key];
    }

    /// <summary>Encrypts under a fresh nonce: sealing the same plaintext twice gives different bytes.</summary>
    /// <param name="plaintext">Any length, also none; its length can be read off the result.</param>
    /// <param name="associatedData">The place where the value lives, such as <c>totp_secrets/&lt;row id&gt;</c>.</param>
    public byte[] Seal(ReadOnlySpan<byte> plaintext, string associatedData)
    {
        Span<byte> nonce = stackalloc byte[NonceInBytes];
        RandomNumberGenerator.Fill(nonce);
        return SealWithNonce(_key, nonce, plaintext, Encoding.UTF8.GetBytes(associatedData));
    }

    /// <summary>Opens what <see cref="Seal"/> made with the same key and associated data. Never throws on hostile bytes.</summary>
    /// <returns>False, with a null plaintext, when a bit of the value or its place differs, or the key is another one.</returns>
    public bool TryOpen(ReadOnlySpan<byte> sealedBytes, string associatedData, [NotNullWhen(true)] out byte[]? plaintext) =>
        TryOpenWith(_key, sealedBytes, Encoding.UTF8.GetBytes(associatedData), out plaintext);

    /// <summary>Says what this is, never its key.</summary>
    public override string ToString() => "[at-rest cipher]";

    // A repeated nonce reveals the authentication key, so only vectors choose one.
    internal static byte[] SealWithNonce(byte[] key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData)
    {
        var sealedBytes = new byte[OverheadInBytes + plaintext.Length];
        sealedBytes[0] = Version;
        nonce.CopyTo(sealedBytes.AsSpan(1, NonceInBytes));

        // One instance per call: AesGcm wraps a stateful OpenSSL context, and two threads in it would mix their nonces.
        using var gcm = new AesGcm(key, TagInBytes);
        gcm.Encrypt(nonce, plaintext, sealedBytes.AsSpan(1 + NonceInBytes, plaintext.Length), sealedBytes.AsSpan(^TagInBytes..), associatedData);
        return sealedBytes;
    }

    internal static bool TryOpenWith(
        byte[] key, ReadOnlySpan<byte> sealedBytes, ReadOnlySpan<byte> associatedData, [NotNullWhen(true)] out byte[]? plaintext)
    {
        plaintext = null;
        if (sealedBytes.Length < OverheadInBytes || sealedBytes[0] != Version)
        {
            return false;
        }

        var opened = new byte[sealedBytes.Length - OverheadInBytes];
        using var gcm = new AesGcm(key, TagInBytes);
        try
        {
            gcm.Decrypt(
                sealedBytes.Slice(1, NonceInBytes), sealedBytes[(1 + NonceInBytes)..^TagInBytes], sealedBytes[^TagInBytes..], opened, associatedData);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        plaintext = opened;
        return true;
    }
}
