using System.Buffers;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cardea.Crypto.Text;

namespace Cardea.Crypto.Jose;

// JWS compact serialization (RFC 7515 section 7.1), all ASCII:
//
//   base64url({"alg":"ES256","typ":"at+jwt","kid":"<thumbprint>"}) . base64url(payload) . base64url(signature)
//   └──────────────────────────── signed ────────────────────────────────────────────┘
//   signature:  ES256         r ‖ s, 32 bytes each (RFC 7518 section 3.4), never ASN.1
//               RS256, PS256  as long as the modulus
//
// RSA keys are 2,048 bits: 112 bits of strength, which NIST SP 800-57 and RFC 7518 accept; 3,072 bits sign six times as slowly, and whoever wants
// more strength takes ES256 (128 bits), which is also the default.

/// <summary>A private key that signs tokens. Safe for concurrent use.</summary>
public sealed class SigningKey : IDisposable
{
    private const int RsaKeyInBits = 2048;

    private readonly byte[] _pkcs8;
    private readonly KeyPool<ECDsa>? _ecdsa;
    private readonly KeyPool<RSA>? _rsa;
    private readonly int _signatureInBytes;
    private volatile bool _disposed;
    private readonly ConcurrentDictionary<string, byte[]> _headers = new(StringComparer.Ordinal);

    private SigningKey(SigningAlgorithm algorithm, byte[] pkcs8)
    {
        _pkcs8 = pkcs8;
        Algorithm = algorithm;
        if (algorithm.IsRsa())
        {
            var rsa = ImportRsa();
            PublicJwk = PublicJwk.Of(algorithm, rsa.ExportParameters(includePrivateParameters: false));
            _signatureInBytes = rsa.KeySize / 8;
            _rsa = new KeyPool<RSA>(ImportRsa);
            _rsa.GiveBack(rsa);
        }
        else
        {
            var ecdsa = ImportEcdsa();
            PublicJwk = PublicJwk.Of(algorithm, ecdsa.ExportParameters(includePrivateParameters: false));
            _signatureInBytes = VerificationKey.EcdsaSignatureInBytes;
            _ecdsa = new KeyPool<ECDsa>(ImportEcdsa);
            _ecdsa.GiveBack(ecdsa);
        }
    }

    /// <summary>The one algorithm this key signs with.</summary>
    public SigningAlgorithm Algorithm { get; }

    /// <summary>The public half, as the JWKS document shows it.</summary>
    public PublicJwk PublicJwk { get; }

    /// <summary>The <c>kid</c>: the RFC 7638 thumbprint, 43 characters of base64url. It follows from the key, so no two nodes can disagree on it.</summary>
    public string KeyId => PublicJwk.Kid;

    /// <summary>A new key: P-256 for ES256, 2,048 bits for RSA (some 100 ms).</summary>
    public static SigningKey Generate(SigningAlgorithm algorithm)
    {
        using AsymmetricAlgorithm key = algorithm.IsRsa() ? RSA.Create(RsaKeyInBits) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new SigningKey(algorithm, key.ExportPkcs8PrivateKey());
    }

    /// <summary>Takes a private key as <see cref="ExportPkcs8"/> gave it, or one made elsewhere.</summary>
    /// <param name="algorithm">What the key is to sign with: ES256 takes P-256 only, RSA 2,048 to 4,096 bits.</param>
    /// <param name="pkcs8">Unencrypted PKCS #8 in DER, nothing after it.</param>
    /// <exception cref="CryptographicException">The bytes are no such key.</exception>
    public static SigningKey Import(SigningAlgorithm algorithm, ReadOnlySpan<byte> pkcs8) => new(algorithm, pkcs8.ToArray());

    /// <summary>The private key as unencrypted PKCS #8: only ever for sealing with <see cref="Secrets.AtRestCipher"/>. Clear it after use.</summary>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public byte[] ExportPkcs8()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return [.. _pkcs8];
    }

    /// <summary>Signs a payload into a compact JWS.</summary>
    /// <param name="type">The <c>typ</c>, a constant such as <c>at+jwt</c> (RFC 9068) or <c>JWT</c>: its header is made once and kept.</param>
    /// <param name="payloadJson">The claims as UTF-8 JSON; signed as they are, not looked at.</param>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    public string SignCompact(string type, ReadOnlySpan<byte> payloadJson)
    {
        var header = _headers.GetOrAdd(type, EncodedHeader);
        var inputLength = header.Length + 1 + Base64Url.GetEncodedLength(payloadJson.Length);
        var tokenLength = inputLength + 1 + Base64Url.GetEncodedLength(_signatureInBytes);
        var rented = ArrayPool<byte>.Shared.Rent(tokenLength);
        var token = rented.AsSpan(0, tokenLength);

        header.CopyTo(token);
        token[header.Length] = (byte)'.';
        Base64Url.EncodeToUtf8(payloadJson, token[(header.Length + 1)..inputLength]);

        Span<byte> signature = stackalloc byte[512];
        signature = signature[.._signatureInBytes];
        Sign(token[..inputLength], signature);

        token[inputLength] = (byte)'.';
        Base64Url.EncodeToUtf8(signature, token[(inputLength + 1)..]);
        var text = Encoding.ASCII.GetString(token);
        // The token is a bearer secret; the pool hands this memory to anyone.
        ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        return text;
    }

    /// <summary>Frees the native keys and clears the private one. A signature under way is finished.</summary>
    public void Dispose()
    {
        _disposed = true;
        _ecdsa?.Close();
        _rsa?.Close();
        CryptographicOperations.ZeroMemory(_pkcs8);
    }

    /// <summary>Says which key this is, never its value.</summary>
    public override string ToString() => $"[signing key {KeyId}]";

    private void Sign(ReadOnlySpan<byte> input, Span<byte> signature)
    {
        bool signed;
        int written;
        if (_ecdsa is not null)
        {
            var ecdsa = _ecdsa.Borrow();
            signed = ecdsa.TrySignData(
                input, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation, out written);
            _ecdsa.GiveBack(ecdsa);
        }
        else
        {
            var rsa = _rsa!.Borrow();
            signed = rsa.TrySignData(input, signature, HashAlgorithmName.SHA256, Algorithm.Padding(), out written);
            _rsa.GiveBack(rsa);
        }

        if (!signed || written != signature.Length)
        {
            throw new CryptographicException("The signature does not have the length its key calls for.");
        }
    }

    private byte[] EncodedHeader(string type)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("alg", Algorithm.Name());
            // JsonEncodedText would write at\u002Bjwt: right, but longer and startling to a reader.
            writer.WritePropertyName("typ");
            writer.WriteRawValue($"\"{RequireMediaType(type)}\"");
            writer.WriteString("kid", KeyId);
            writer.WriteEndObject();
        }

        return Encoding.ASCII.GetBytes(Base64UrlText.Encode(buffer.WrittenSpan));
    }

    private static string RequireMediaType(string type) =>
        type.Length > 0 && type.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.' or '/')
            ? type
            : throw new ArgumentException("The type must be a media type without parameters.", nameof(type));

    private ECDsa ImportEcdsa()
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(_pkcs8, out var read);
        RequireWholeInput(read);
        if (key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value != VerificationKey.P256Oid)
        {
            throw new CryptographicException("ES256 takes a key on P-256.");
        }

        return key;
    }

    private RSA ImportRsa()
    {
        var key = RSA.Create();
        key.ImportPkcs8PrivateKey(_pkcs8, out var read);
        RequireWholeInput(read);
        if (key.KeySize is < VerificationKey.SmallestRsaInBits or > VerificationKey.LargestRsaInBits || key.KeySize % 8 != 0)
        {
            throw new CryptographicException("RSA keys have 2,048 to 4,096 bits.");
        }

        return key;
    }

    private void RequireWholeInput(int read)
    {
        if (read != _pkcs8.Length)
        {
            throw new CryptographicException("Bytes follow the private key.");
        }
    }
}
