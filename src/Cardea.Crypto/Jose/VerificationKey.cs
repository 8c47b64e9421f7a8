using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Cardea.Crypto.Text;

namespace Cardea.Crypto.Jose;

// A key is bound to one algorithm when it is made, and the bytes it holds can only do that (RFC 8725 sections 3.1 and 3.2). The token's "alg" is
// compared with it and chooses nothing: that is what makes "none" and the HMAC-with-the-public-key confusion impossible, not merely checked.
//
// Not disposable: verifiers are exchanged while requests are still using the old one. A public key has nothing to clear; its handle is finalized.

/// <summary>A public key that verifies signatures of one algorithm. Safe for concurrent use.</summary>
public sealed class VerificationKey
{
    internal const int EcdsaSignatureInBytes = 64;
    internal const int SmallestRsaInBits = 2048;
    internal const int LargestRsaInBits = 4096;
    internal const string P256Oid = "1.2.840.10045.3.1.7";

    private readonly KeyPool<ECDsa>? _ecdsa;
    private readonly KeyPool<RSA>? _rsa;
    private readonly int _signatureInBytes;

    private VerificationKey(string keyId, ECParameters point)
    {
        KeyId = keyId;
        Algorithm = SigningAlgorithm.ES256;
        _signatureInBytes = EcdsaSignatureInBytes;
        _ecdsa = new KeyPool<ECDsa>(() => ECDsa.Create(point));
    }

    private VerificationKey(string keyId, SigningAlgorithm algorithm, RSAParameters numbers)
    {
        KeyId = keyId;
        Algorithm = algorithm;
        _signatureInBytes = numbers.Modulus!.Length;
        _rsa = new KeyPool<RSA>(() => RSA.Create(numbers));
    }

    /// <summary>The <c>kid</c> by which tokens name this key.</summary>
    public string KeyId { get; }

    /// <summary>The one algorithm this key verifies.</summary>
    public SigningAlgorithm Algorithm { get; }

    /// <summary>The public half of a signing key.</summary>
    public static VerificationKey Of(SigningKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return TryCreate(key.PublicJwk, out var made)
            ? made
            : throw new CryptographicException("The public half of the signing key is not usable.");
    }

    /// <summary>Takes a public key from its JWK. Never throws on hostile values.</summary>
    /// <returns>False, with a null key, unless <c>use</c> is <c>sig</c>, <c>alg</c> is offered and fits <c>kty</c>, the numbers are canonical, the
    /// point is on P-256, or the modulus has 2,048 to 4,096 bits and the exponent is odd, above 2 and at most 32 bits.</returns>
    public static bool TryCreate(PublicJwk jwk, [NotNullWhen(true)] out VerificationKey? key)
    {
        ArgumentNullException.ThrowIfNull(jwk);
        key = null;
        if (jwk.Use != "sig" || string.IsNullOrEmpty(jwk.Kid) || !SigningAlgorithmName.TryParse(jwk.Alg, out var algorithm))
        {
            return false;
        }

        var made = algorithm.IsRsa() ? FromRsa(jwk, algorithm) : FromPoint(jwk);
        try
        {
            // The first import is the check: the framework refuses a point that is not on the curve.
            made?._ecdsa?.GiveBack(made._ecdsa.Borrow());
            made?._rsa?.GiveBack(made._rsa.Borrow());
        }
        catch (CryptographicException)
        {
            return false;
        }

        key = made;
        return made is not null;
    }

    /// <summary>Whether the signature over the input is this key's.</summary>
    internal bool Verify(ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        // RFC 7518 section 3.4: exactly 64 octets, so no ASN.1 form and no extra zeros. RFC 8017 section 8.1.2 step 1: as long as the modulus.
        if (signature.Length != _signatureInBytes)
        {
            return false;
        }

        bool valid;
        if (_ecdsa is not null)
        {
            var ecdsa = _ecdsa.Borrow();
            valid = ecdsa.VerifyData(input, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            _ecdsa.GiveBack(ecdsa);
        }
        else
        {
            var rsa = _rsa!.Borrow();
            valid = rsa.VerifyData(input, signature, HashAlgorithmName.SHA256, Algorithm.Padding());
            _rsa.GiveBack(rsa);
        }

        return valid;
    }

    private static VerificationKey? FromPoint(PublicJwk jwk)
    {
        // RFC 7518 section 6.2.1.2: the full 32 octets, leading zeros kept.
        return jwk is { Kty: "EC", Crv: "P-256", X: not null, Y: not null, N: null, E: null }
            && Base64UrlText.TryDecode(jwk.X, out var x) && x.Length == 32
            && Base64UrlText.TryDecode(jwk.Y, out var y) && y.Length == 32
            ? new VerificationKey(jwk.Kid, new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = x, Y = y } })
            : null;
    }

    private static VerificationKey? FromRsa(PublicJwk jwk, SigningAlgorithm algorithm)
    {
        // RFC 7518 section 6.3.1.1: the fewest octets, so no leading zero. An even number or e = 1 would let anyone sign.
        return jwk is { Kty: "RSA", N: not null, E: not null, Crv: null, X: null, Y: null }
            && Base64UrlText.TryDecode(jwk.N, out var n) && n.Length is >= SmallestRsaInBits / 8 and <= LargestRsaInBits / 8
            && n[0] >= 0x80 && (n[^1] & 1) == 1
            && Base64UrlText.TryDecode(jwk.E, out var e) && e.Length is >= 1 and <= 4
            && e[0] != 0 && (e[^1] & 1) == 1 && e is not [1]
            ? new VerificationKey(jwk.Kid, algorithm, new RSAParameters { Modulus = n, Exponent = e })
            : null;
    }
}
