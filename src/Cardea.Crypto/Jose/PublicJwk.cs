using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Cardea.Crypto.Text;

namespace Cardea.Crypto.Jose;

// { "kty":"EC",  "use":"sig", "alg":"ES256", "kid":"…", "crv":"P-256", "x":"…", "y":"…" }       RFC 7518 section 6.2.1
// { "kty":"RSA", "use":"sig", "alg":"RS256", "kid":"…", "n":"…", "e":"AQAB" }                   RFC 7518 section 6.3.1
//
// The type has no place for d, p, q, dp, dq, qi or k: a private member cannot be published by mistake.

/// <summary>A public key as the JWKS document shows it. Numbers are base64url, big-endian. Source: RFC 7517 section 4.</summary>
public sealed record PublicJwk
{
    /// <summary>The family: <c>EC</c> or <c>RSA</c>.</summary>
    public required string Kty { get; init; }

    /// <summary>The curve, <c>P-256</c>; null for RSA.</summary>
    public string? Crv { get; init; }

    /// <summary>The point's first coordinate, 32 bytes; null for RSA.</summary>
    public string? X { get; init; }

    /// <summary>The point's second coordinate, 32 bytes; null for RSA.</summary>
    public string? Y { get; init; }

    /// <summary>The modulus in as few bytes as it needs; null for EC.</summary>
    public string? N { get; init; }

    /// <summary>The exponent in as few bytes as it needs; null for EC.</summary>
    public string? E { get; init; }

    /// <summary>What the key is for; only <c>sig</c> here.</summary>
    public string Use { get; init; } = "sig";

    /// <summary>The one algorithm the key serves (RFC 8725 section 3.1).</summary>
    public required string Alg { get; init; }

    /// <summary>The key's id; for own keys the thumbprint.</summary>
    public required string Kid { get; init; }

    /// <summary>Writes the key as one JSON object, public members only.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.WriteStartObject();
        writer.WriteString("kty", Kty);
        writer.WriteString("use", Use);
        writer.WriteString("alg", Alg);
        writer.WriteString("kid", Kid);
        WriteWhenPresent(writer, "crv", Crv);
        WriteWhenPresent(writer, "x", X);
        WriteWhenPresent(writer, "y", Y);
        WriteWhenPresent(writer, "n", N);
        WriteWhenPresent(writer, "e", E);
        writer.WriteEndObject();
    }

    /// <summary>The base64url SHA-256 thumbprint, 43 characters: the same for one key, whatever its other members say. Source: RFC 7638.</summary>
    public string Thumbprint()
    {
        // Section 3: only the required members, in lexicographic order, without white space. Nothing in them needs JSON escapes.
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            WriteWhenPresent(writer, "crv", Crv);
            WriteWhenPresent(writer, "e", E);
            writer.WriteString("kty", Kty);
            WriteWhenPresent(writer, "n", N);
            WriteWhenPresent(writer, "x", X);
            WriteWhenPresent(writer, "y", Y);
            writer.WriteEndObject();
        }

        return Base64UrlText.Encode(SHA256.HashData(buffer.WrittenSpan));
    }

    internal static PublicJwk Of(SigningAlgorithm algorithm, ECParameters key) => WithThumbprint(new PublicJwk
    {
        Kty = "EC",
        Alg = algorithm.Name(),
        Kid = "",
        Crv = "P-256",
        X = Base64UrlText.Encode(key.Q.X),
        Y = Base64UrlText.Encode(key.Q.Y),
    });

    internal static PublicJwk Of(SigningAlgorithm algorithm, RSAParameters key) => WithThumbprint(new PublicJwk
    {
        Kty = "RSA",
        Alg = algorithm.Name(),
        Kid = "",
        N = Base64UrlText.Encode(key.Modulus),
        E = Base64UrlText.Encode(key.Exponent),
    });

    private static PublicJwk WithThumbprint(PublicJwk jwk) => jwk with { Kid = jwk.Thumbprint() };

    private static void WriteWhenPresent(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }
}
