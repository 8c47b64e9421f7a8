using System.Diagnostics.CodeAnalysis;

namespace Cardea.Crypto.Jose;

/// <summary>Verifies compact JWS tokens against a fixed set of own keys. Immutable, safe for concurrent use; when keys change, make another one.</summary>
public sealed class JwsVerifier
{
    private readonly Dictionary<string, VerificationKey> _keys = new(StringComparer.Ordinal);

    /// <summary>Takes the keys that may have signed; an empty set refuses every token.</summary>
    /// <exception cref="ArgumentException">Two keys have the same id.</exception>
    public JwsVerifier(IEnumerable<VerificationKey> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        foreach (var key in keys)
        {
            _keys.Add(key.KeyId, key);
        }
    }

    /// <summary>Verifies the signature and the header; the claims in the payload are the caller's to check. Never throws on hostile text.</summary>
    /// <param name="token">The compact serialization, at most 8,192 characters.</param>
    /// <param name="expectedType">The <c>typ</c> this place accepts, such as <c>at+jwt</c>: required of the token and compared without regard to
    /// case or an <c>application/</c> prefix, so that a token made for another use is refused (RFC 8725 section 3.11).</param>
    /// <param name="payload">The signed bytes; null when refused.</param>
    /// <param name="keyId">The id of the key that signed; null when refused.</param>
    /// <returns>True only for three canonical base64url parts, a strict JSON header, a <c>kid</c> of the set, the <c>alg</c> of that key, the expected
    /// type, no <c>crit</c>, <c>b64</c>, <c>zip</c> or <c>enc</c>, and a valid signature.</returns>
    public bool TryVerify(
        ReadOnlySpan<char> token, string expectedType, [NotNullWhen(true)] out byte[]? payload, [NotNullWhen(true)] out string? keyId)
    {
        ArgumentException.ThrowIfNullOrEmpty(expectedType);
        payload = null;
        keyId = null;
        if (!CompactJws.TryRead(token, out var jws)
            || !IsType(jws.Type, expectedType)
            // The kid is required, also when there is one key: what a token means must not change when a second key is added. It is looked up in
            // memory and nowhere else; it never becomes a path, a query or a URL (RFC 8725 section 3.10).
            || jws.KeyId is null || !_keys.TryGetValue(jws.KeyId, out var key)
            || !jws.IsSignedBy(key))
        {
            return false;
        }

        payload = jws.Payload;
        keyId = key.KeyId;
        return true;
    }

    /// <summary>Verifies with one given key, asking neither for <c>kid</c> nor for <c>typ</c>: for vectors, which have no such profile.</summary>
    internal static bool TryVerifyWith(VerificationKey key, ReadOnlySpan<char> token, [NotNullWhen(true)] out byte[]? payload)
    {
        payload = CompactJws.TryRead(token, out var jws) && jws.IsSignedBy(key) ? jws.Payload : null;
        return payload is not null;
    }

    // RFC 7515 section 4.1.9: a media type, compared without regard to case; "application/" may be left out when no other slash is in it.
    private static bool IsType(string? actual, string expected) =>
        actual is not null && WithoutPrefix(actual).Equals(WithoutPrefix(expected), StringComparison.OrdinalIgnoreCase);

    private static ReadOnlySpan<char> WithoutPrefix(string type)
    {
        const string Prefix = "application/";
        return type.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) && !type.AsSpan(Prefix.Length).Contains('/')
            ? type.AsSpan(Prefix.Length)
            : type;
    }
}
