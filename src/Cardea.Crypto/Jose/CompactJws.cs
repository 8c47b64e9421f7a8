using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Cardea.Crypto.Text;

namespace Cardea.Crypto.Jose;

/// <summary>A compact JWS taken apart and not yet believed: who reads a member before <see cref="IsSignedBy"/> reads the attacker's words.</summary>
internal sealed class CompactJws
{
    /// <summary>The longest token looked at. Ours are below 1 KiB; servers cap all headers together at 32 KiB or less.</summary>
    public const int LongestInCharacters = 8 * 1024;

    private const int DeepestHeader = 4;

    private byte[] _signingInput = [];
    private byte[] _signature = [];

    public string Algorithm { get; private set; } = "";

    public string? KeyId { get; private set; }

    public string? Type { get; private set; }

    public byte[] Payload { get; private set; } = [];

    /// <summary>Takes a token apart. Never throws; looks at the length before anything else, and at the dots before allocating.</summary>
    public static bool TryRead(ReadOnlySpan<char> token, [NotNullWhen(true)] out CompactJws? jws)
    {
        jws = null;
        // RFC 7515 section 5.2, for the compact serialization only. A JWE has five parts, the JSON serializations begin with a brace.
        if (token.Length > LongestInCharacters || token.Count('.') != 2)
        {
            return false;
        }

        var firstDot = token.IndexOf('.');
        var lastDot = token.LastIndexOf('.');
        if (!Base64UrlText.TryDecode(token[..firstDot], out var header)
            || !Base64UrlText.TryDecode(token[(firstDot + 1)..lastDot], out var payload)
            || !Base64UrlText.TryDecode(token[(lastDot + 1)..], out var signature))
        {
            return false;
        }

        // What decoded is ASCII, so these are the characters the signer saw.
        var signingInput = new byte[lastDot];
        Encoding.ASCII.GetBytes(token[..lastDot], signingInput);
        var read = new CompactJws { _signingInput = signingInput, _signature = signature, Payload = payload };
        jws = read.TryReadHeader(header) ? read : null;
        return jws is not null;
    }

    /// <summary>Whether the token names the key's algorithm and carries its signature.</summary>
    public bool IsSignedBy(VerificationKey key) =>
        string.Equals(Algorithm, key.Algorithm.Name(), StringComparison.Ordinal) && key.Verify(_signingInput, _signature);

    // Duplicates are refused (RFC 7515 section 4): two readers that keep different ones of them would see two different tokens.
    private bool TryReadHeader(byte[] utf8)
    {
        // The JSON reader checks a string's UTF-8 only when it is asked for it, and then by another exception.
        if (!Utf8.IsValid(utf8))
        {
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = DeepestHeader });
            return document.RootElement.ValueKind == JsonValueKind.Object && TryReadMembers(document.RootElement);
        }
        catch (Exception refused) when (refused is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escaped lone surrogate, which is JSON but no text.
            return false;
        }
    }

    private bool TryReadMembers(JsonElement header)
    {
        string? algorithm = null;
        foreach (var member in header.EnumerateObject())
        {
            switch (member.Name)
            {
                case "alg" when member.Value.ValueKind == JsonValueKind.String:
                    algorithm = member.Value.GetString();
                    break;
                case "kid" when member.Value.ValueKind == JsonValueKind.String:
                    KeyId = member.Value.GetString();
                    break;
                case "typ" when member.Value.ValueKind == JsonValueKind.String:
                    Type = member.Value.GetString();
                    break;
                case "alg" or "kid" or "typ":
                    return false;
                // RFC 7515 section 4.1.11: an extension marked critical and not understood; none is understood here.
                // RFC 7797 changes what is signed; RFC 7516 compresses (a bomb) and encrypts (nested tokens).
                case "crit" or "b64" or "zip" or "enc":
                    return false;
                // Everything else is ignored, above all jku, x5u, x5c and jwk: a token does not bring its own key (RFC 8725 section 3.10).
                default:
                    break;
            }
        }

        Algorithm = algorithm ?? "";
        return algorithm is not null;
    }
}
