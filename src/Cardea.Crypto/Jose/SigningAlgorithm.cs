using System.Security.Cryptography;

namespace Cardea.Crypto.Jose;

/// <summary>The signatures offered (RFC 7518 section 3.1). There is no HS256 and no <c>none</c>: what is not here cannot be asked for by a token.</summary>
public enum SigningAlgorithm
{
    /// <summary>ECDSA on P-256 with SHA-256: the default; signs about twelve times as fast as RSA, in 64 bytes.</summary>
    ES256,

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-256: for relying parties that know nothing newer, and for the fastest verification.</summary>
    RS256,

    /// <summary>RSASSA-PSS with SHA-256 and a 32-byte salt.</summary>
    PS256,
}

/// <summary>The names of <see cref="SigningAlgorithm"/> as headers, keys and settings spell them.</summary>
public static class SigningAlgorithmName
{
    /// <summary>The <c>alg</c> value of RFC 7518.</summary>
    public static string Name(this SigningAlgorithm algorithm) => algorithm switch
    {
        SigningAlgorithm.ES256 => "ES256",
        SigningAlgorithm.RS256 => "RS256",
        SigningAlgorithm.PS256 => "PS256",
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    /// <summary>Reads an <c>alg</c> value, which is case-sensitive.</summary>
    /// <returns>False for every name not offered.</returns>
    public static bool TryParse(string? name, out SigningAlgorithm algorithm)
    {
        // Not Enum.TryParse, which also takes "0", " es256" and "ES256,PS256".
        SigningAlgorithm? found = name switch
        {
            "ES256" => SigningAlgorithm.ES256,
            "RS256" => SigningAlgorithm.RS256,
            "PS256" => SigningAlgorithm.PS256,
            _ => null,
        };
        algorithm = found.GetValueOrDefault();
        return found.HasValue;
    }

    internal static bool IsRsa(this SigningAlgorithm algorithm) => algorithm is not SigningAlgorithm.ES256;

    internal static RSASignaturePadding Padding(this SigningAlgorithm algorithm) =>
        // .NET's PSS takes a salt as long as the hash, which RFC 7518 section 3.5 demands.
        algorithm is SigningAlgorithm.PS256 ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;
}
