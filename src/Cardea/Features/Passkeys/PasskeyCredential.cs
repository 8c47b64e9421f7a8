using System.Text.Json;
using System.Text.Json.Nodes;
using Cardea.Crypto.Text;

namespace Cardea.Features.Passkeys;

/// <summary>
/// What a browser gives after a ceremony (WebAuthn L3 sections 5.1.8.1 and 5.1.8.2), read member by member. What is handed on for verification is
/// written anew from what was read, so that no second reading of the stranger's text can differ from the first.
/// </summary>
public sealed class PasskeyCredential
{
    private const int LongestId = 1023;
    private const int MostTransports = 8;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };
    private static readonly string[] KnownTransports = ["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"];

    private readonly List<(string Member, byte[] Value)> _response = [];

    private PasskeyCredential(byte[] id, byte[] challenge) => (Id, Challenge) = (id, challenge);

    public byte[] Id { get; }

    /// <summary>The challenge that the client says it answers. Whether it is one of ours is still to be seen.</summary>
    public byte[] Challenge { get; }

    public string[] Transports { get; private set; } = [];

    public byte[] AuthenticatorData => _response.Find(part => part.Member == "authenticatorData").Value ?? [];

    /// <summary>What comes of a registration; null when it is not of its form.</summary>
    public static PasskeyCredential? ParseNew(JsonElement? given) => Parse(given, ["attestationObject"], null);

    /// <summary>What comes of a sign-in; null when it is not of its form.</summary>
    public static PasskeyCredential? ParseAsserted(JsonElement? given) => Parse(given, ["authenticatorData", "signature"], "userHandle");

    /// <summary>The text of a form's field as JSON; null when it is none.</summary>
    public static JsonElement? Read(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Strict);
            return document.RootElement.Clone();
        }
        catch (Exception fault) when (IsUnreadable(fault))
        {
            return null;
        }
    }

    /// <summary>As the framework's verifier reads it.</summary>
    public string ToJson()
    {
        var response = new JsonObject();
        foreach (var (member, value) in _response)
        {
            response[member] = Base64UrlText.Encode(value);
        }

        if (Transports.Length > 0)
        {
            response["transports"] = new JsonArray([.. Transports.Select(transport => JsonValue.Create(transport))]);
        }

        return new JsonObject { ["id"] = Base64UrlText.Encode(Id), ["type"] = "public-key", ["clientExtensionResults"] = new JsonObject(), ["response"] = response }.ToJsonString();
    }

    private static PasskeyCredential? Parse(JsonElement? given, string[] needed, string? optional)
    {
        try
        {
            return given is { ValueKind: JsonValueKind.Object } element ? Parse(element, needed, optional) : null;
        }
        catch (Exception fault) when (IsUnreadable(fault))
        {
            return null;
        }
    }

    private static PasskeyCredential? Parse(JsonElement element, string[] needed, string? optional)
    {
        // An id whose two spellings don't agree is one that somebody has put there.
        if (BytesOf(element, "id") is not { Length: > 0 and <= LongestId } id
            || (element.TryGetProperty("rawId", out _) && !id.AsSpan().SequenceEqual(BytesOf(element, "rawId")))
            || TextOf(element, "type") != "public-key"
            || !element.TryGetProperty("response", out var response) || response.ValueKind is not JsonValueKind.Object
            || BytesOf(response, "clientDataJSON") is not { } clientData || ChallengeOf(clientData) is not { } challenge)
        {
            return null;
        }

        var credential = new PasskeyCredential(id, challenge) { Transports = TransportsOf(response) };
        credential._response.Add(("clientDataJSON", clientData));
        foreach (var member in needed)
        {
            if (BytesOf(response, member) is not { Length: > 0 } value)
            {
                return null;
            }

            credential._response.Add((member, value));
        }

        if (optional is not null && response.TryGetProperty(optional, out var present) && present.ValueKind is not JsonValueKind.Null)
        {
            if (BytesOf(response, optional) is not { } value)
            {
                return null;
            }

            credential._response.Add((optional, value));
        }

        return credential;
    }

    private static byte[]? ChallengeOf(byte[] clientData)
    {
        using var document = JsonDocument.Parse(clientData, Strict);
        return document.RootElement.ValueKind is JsonValueKind.Object ? BytesOf(document.RootElement, "challenge") : null;
    }

    /// <summary>A hint for the browser, and only words that it knows come back to it.</summary>
    private static string[] TransportsOf(JsonElement response) =>
        response.TryGetProperty("transports", out var given) && given.ValueKind is JsonValueKind.Array && given.GetArrayLength() <= MostTransports
            ? [.. KnownTransports.Intersect(given.EnumerateArray().Where(one => one.ValueKind is JsonValueKind.String).Select(one => one.GetString()!))]
            : [];

    private static byte[]? BytesOf(JsonElement element, string member) =>
        TextOf(element, member) is { } text && Base64UrlText.TryDecode(text, out var bytes) ? bytes : null;

    private static string? TextOf(JsonElement element, string member) =>
        element.TryGetProperty(member, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    /// <summary>Broken JSON; or half a surrogate pair, which is found only when a text is asked for.</summary>
    private static bool IsUnreadable(Exception fault) => fault is JsonException or InvalidOperationException;
}
