using System.Buffers.Binary;
using System.Buffers.Text;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cardea.Tests.Harness;

/// <summary>One key pair of an authenticator, and everything about its next answer that a test may want otherwise.</summary>
public sealed class SoftPasskey
{
    public const byte Present = 0x01;
    public const byte Verified = 0x04;
    public const byte BackupEligible = 0x08;
    public const byte BackedUp = 0x10;
    private const byte HasKey = 0x40;

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public byte[] Id { get; set; } = RandomNumberGenerator.GetBytes(32);

    /// <summary>As it lies in the authenticator.</summary>
    public byte[] UserHandle { get; set; } = [];

    public byte Flags { get; set; } = Present | Verified;

    public uint SignCount { get; set; }

    public int Algorithm { get; set; } = -7;

    public string RpId { get; set; } = "";

    public string Origin { get; set; } = "";

    /// <summary>Members that the client data gets besides, such as <c>crossOrigin</c>.</summary>
    public Dictionary<string, JsonNode?> ClientData { get; } = [];

    /// <summary>Answers creation options.</summary>
    public JsonObject Create(JsonElement options)
    {
        RpId = RpId.Length > 0 ? RpId : options.GetProperty("rp").GetProperty("id").GetString()!;
        UserHandle = Base64Url.DecodeFromChars(options.GetProperty("user").GetProperty("id").GetString());
        var cbor = new CborWriter(CborConformanceMode.Ctap2Canonical);
        cbor.WriteStartMap(3);
        cbor.WriteTextString("fmt");
        cbor.WriteTextString("none");
        cbor.WriteTextString("attStmt");
        cbor.WriteStartMap(0);
        cbor.WriteEndMap();
        cbor.WriteTextString("authData");
        cbor.WriteByteString([.. AuthenticatorData(HasKey), .. new byte[16], .. BigEndian((ushort)Id.Length), .. Id, .. CoseKey()]);
        cbor.WriteEndMap();
        return Credential(new JsonObject
        {
            ["clientDataJSON"] = Text(Client("webauthn.create", options)),
            ["attestationObject"] = Text(cbor.Encode()),
            ["transports"] = new JsonArray("internal", "hybrid"),
        });
    }

    /// <summary>Answers request options.</summary>
    public JsonObject Get(JsonElement options)
    {
        var (data, client) = (AuthenticatorData(0), Client("webauthn.get", options));
        return Credential(new JsonObject
        {
            ["clientDataJSON"] = Text(client),
            ["authenticatorData"] = Text(data),
            ["signature"] = Text(_key.SignData([.. data, .. SHA256.HashData(client)], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)),
            ["userHandle"] = Text(UserHandle),
        });
    }

    public static string Text(byte[] bytes) => Base64Url.EncodeToString(bytes);

    private JsonObject Credential(JsonObject response) => new()
    {
        ["id"] = Text(Id),
        ["rawId"] = Text(Id),
        ["type"] = "public-key",
        ["response"] = response,
        ["clientExtensionResults"] = new JsonObject(),
        ["authenticatorAttachment"] = "platform",
    };

    private byte[] AuthenticatorData(byte more)
    {
        var counter = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(counter, SignCount);
        return [.. SHA256.HashData(Encoding.UTF8.GetBytes(RpId)), (byte)(Flags | more), .. counter];
    }

    private byte[] Client(string type, JsonElement options)
    {
        var client = new JsonObject { ["type"] = type, ["challenge"] = options.GetProperty("challenge").GetString(), ["origin"] = Origin, ["crossOrigin"] = false };
        foreach (var (member, value) in ClientData)
        {
            client[member] = value?.DeepClone();
        }

        return Encoding.UTF8.GetBytes(client.ToJsonString());
    }

    private byte[] CoseKey()
    {
        var point = _key.ExportParameters(false).Q;
        var cbor = new CborWriter(CborConformanceMode.Ctap2Canonical);
        cbor.WriteStartMap(5);
        foreach (var (label, value) in new[] { (1, 2), (3, Algorithm), (-1, 1) })
        {
            cbor.WriteInt32(label);
            cbor.WriteInt32(value);
        }

        cbor.WriteInt32(-2);
        cbor.WriteByteString(point.X!);
        cbor.WriteInt32(-3);
        cbor.WriteByteString(point.Y!);
        cbor.WriteEndMap();
        return cbor.Encode();
    }

    private static byte[] BigEndian(ushort number)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, number);
        return bytes;
    }
}

/// <summary>Somebody's passkey, used over JSON as a client would.</summary>
public sealed class PasskeyHolder(TestApp app)
{
    public SoftPasskey Passkey { get; } = new() { Origin = app.Address.GetLeftPart(UriPartial.Authority) };

    public string Id { get; private set; } = "";

    public static async Task<PasskeyHolder> AddAsync(TestApp app, Actor actor, string? name = null, Action<SoftPasskey>? change = null)
    {
        var holder = new PasskeyHolder(app);
        change?.Invoke(holder.Passkey);
        holder.Id = (await holder.TryAddAsync(actor, name)).Expect(System.Net.HttpStatusCode.Created).Json.GetProperty("id").GetString()!;
        return holder;
    }

    public async Task<Answer> TryAddAsync(Actor actor, string? name = null)
    {
        var options = (await actor.PostAsync("/users/me/passkeys/options")).Expect(System.Net.HttpStatusCode.OK).Json;
        return await actor.PostAsync("/users/me/passkeys", With(("credential", Passkey.Create(options)), ("name", name)));
    }

    public static async Task<JsonElement> OptionsAsync(Actor actor, string? mfaToken = null) =>
        (await actor.SendAsync(HttpMethod.Post, "/auth/passkey/options", With(("mfa_token", mfaToken)), withToken: false)).Expect(System.Net.HttpStatusCode.OK).Json;

    public static Task<Answer> TrySignInAsync(Actor actor, JsonObject credential, bool? replace = null) =>
        actor.TrySignInByAsync("/auth/passkey/login", With(("credential", credential), ("replace", replace)));

    /// <summary>Signs in by the passkey alone, and keeps the tokens when it works.</summary>
    public async Task<Answer> TrySignInAsync(Actor actor, bool? replace = null)
    {
        Passkey.SignCount += Passkey.SignCount > 0 ? 1u : 0;
        return await TrySignInAsync(actor, Passkey.Get(await OptionsAsync(actor)), replace);
    }

    public async Task<Answer> TrySecondStepAsync(Actor actor, Answer first)
    {
        var token = first.Json.GetProperty("mfa_token").GetString()!;
        return await actor.TrySignInByAsync("/auth/login/mfa", With(("mfa_token", token), ("method", "passkey"), ("credential", Passkey.Get(await OptionsAsync(actor, token)))));
    }

    private static JsonObject With(params (string Member, object? Value)[] members)
    {
        var body = new JsonObject();
        foreach (var (member, value) in members)
        {
            if (value is not null)
            {
                body[member] = (value as JsonNode)?.DeepClone() ?? JsonValue.Create(value);
            }
        }

        return body;
    }
}
