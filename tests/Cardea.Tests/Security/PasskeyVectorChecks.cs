using System.Text;
using System.Text.Json;
using Cardea.Features.Passkeys;
using Cardea.Features.Shared;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>
/// The test vectors of WebAuthn L3, section "Test Vectors". They come with challenges of their own, so they are shown to the verifier behind the door.
/// Where policy refuses one (a frame of another site, an algorithm that the framework has not) it must be refused.
/// </summary>
public sealed class PasskeyVectorChecks
{
    private const string Handle = "a-user-handle";

    private static readonly string? Folder = Environment.GetEnvironmentVariable("CARDEA_TEST_VECTORS");
    private static readonly string[] Refused = ["none-es256-crossOrigin", "none-es256-topOrigin", "packed-eddsa", "packed-ed448"];

    private readonly PasskeyVerifier _verifier = new(new PublicUrl(new Uri("https://example.org"), null!), new Branding());

    [VectorsFact]
    public async Task PK_02_The_vectors_of_the_standard_are_accepted_where_policy_allows_and_refused_with_any_field_changed()
    {
        var seen = 0;
        foreach (var vector in Read().Where(vector => vector.TryGetProperty("registration", out _)))
        {
            var name = vector.GetProperty("name").GetString()!;
            var (registration, authentication) = (new Ceremony(vector, "registration"), new Ceremony(vector, "authentication"));
            var made = await RegisterAsync(registration);
            Assert.True(made is null == Refused.Contains(name), $"{name}: registration {(made is null ? "refused" : "accepted")}");
            seen++;
            if (made is null)
            {
                continue;
            }

            var stored = new Passkey { Id = "1", AccountId = "1", CredentialId = made.CredentialId, PublicKey = made.PublicKey, Name = "", Transports = "", SignCount = made.SignCount, IsBackupEligible = made.IsBackupEligible };
            var derived = vector.GetProperty("derived");
            Assert.Equal((name, derived.GetProperty("reg_uv").GetBoolean(), derived.GetProperty("be").GetBoolean()), (name, made.IsUserVerified, made.IsBackupEligible));
            var accepted = Assert.IsType<AssertionVerdict.Accepted>(await AssertAsync(authentication, stored));
            Assert.Equal((name, derived.GetProperty("auth_uv").GetBoolean()), (name, accepted.IsUserVerified));
            Assert.True(await AssertAsync(authentication, stored, mustVerify: true) is AssertionVerdict.Accepted == accepted.IsUserVerified, name);

            foreach (var (field, mutated) in Mutations(registration, "attestationObject"))
            {
                Assert.True(await RegisterAsync(mutated) is null, $"{name}: registration accepted with another {field}");
            }

            foreach (var (field, mutated) in Mutations(authentication, "authenticatorData"))
            {
                Assert.True(await AssertAsync(mutated, stored) is AssertionVerdict.Refused { IsCopied: false }, $"{name}: assertion accepted with another {field}");
            }
        }

        Assert.Equal(15, seen);
    }

    private Task<NewCredential?> RegisterAsync(Ceremony one) =>
        PasskeyCredential.ParseNew(one.ToJson()) is { } credential ? _verifier.VerifyNewAsync(credential, one.Challenge, Handle) : Task.FromResult<NewCredential?>(null);

    private Task<AssertionVerdict> AssertAsync(Ceremony one, Passkey stored, bool mustVerify = false) => PasskeyCredential.ParseAsserted(one.ToJson()) is { } credential
        ? _verifier.VerifyAsync(credential, one.Challenge, stored, Handle, isIdentified: true, mustVerify)
        : Task.FromResult<AssertionVerdict>(new AssertionVerdict.Refused(IsCopied: false));

    /// <summary>One field after the other is not what it was.</summary>
    private static IEnumerable<(string Field, Ceremony Mutated)> Mutations(Ceremony one, string data)
    {
        yield return ("expected challenge", one with { Challenge = [.. one.Challenge.Reverse()] });
        yield return ("credential id", one with { Id = [.. one.Id[..^1], (byte)~one.Id[^1]] });
        foreach (var (field, from, to) in new[]
        {
            ("type", "webauthn.", "webauthm."), ("challenge", "\"challenge\":\"", "\"challenge\":\"A"), ("origin's scheme", "https://example.org", "http://example.org"),
            ("origin", "https://example.org", "https://example.org.evil"), ("site in between", "\"crossOrigin\":false", "\"crossOrigin\":true "),
        })
        {
            yield return (field, one.With("clientDataJSON", Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(one.Response["clientDataJSON"]).Replace(from, to, StringComparison.Ordinal))));
        }

        var at = one.DataAt(data);
        yield return ("relying party", one.Flip(data, at, 0x01));
        yield return ("flag of presence", one.Flip(data, at + 32, 0x01));
        yield return ("length", one.With(data, one.Response[data][..^1]));
        if (data == "authenticatorData")
        {
            yield return ("counter", one.Flip(data, at + 36, 0x01));
            yield return ("flag of backup", one.Flip(data, at + 32, 0x10));
            yield return ("signature", one.Flip("signature", one.Response["signature"].Length - 1, 0x01));
            yield return ("length of the signature", one.With("signature", one.Response["signature"][..^1]));
        }
        else
        {
            yield return ("credential id inside", one.Flip(data, at + 55, 0x01));
            yield return ("flags of backup", one.With(data, one.BackedUpOnly(data, at + 32)));
        }
    }

    private static JsonElement[] Read() =>
        [.. JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(Path.Combine(Folder!, "webauthn-l3", "webauthn-l3-test-vectors.json"))).GetProperty("vectors").EnumerateArray()];

    private sealed record Ceremony(byte[] Id, byte[] Challenge, IReadOnlyDictionary<string, byte[]> Response)
    {
        public Ceremony(JsonElement vector, string part)
            : this(
                Convert.FromHexString(vector.GetProperty("registration").GetProperty("credential_id").GetString()!),
                Convert.FromHexString(vector.GetProperty(part).GetProperty("challenge").GetString()!),
                vector.GetProperty(part).EnumerateObject().Where(member => member.Name is "clientDataJSON" or "attestationObject" or "authenticatorData" or "signature")
                    .ToDictionary(member => member.Name, member => Convert.FromHexString(member.Value.GetString()!)))
        {
        }

        public Ceremony With(string member, byte[] bytes) => this with { Response = new Dictionary<string, byte[]>(Response) { [member] = bytes } };

        public Ceremony Flip(string member, int at, byte bits)
        {
            var bytes = (byte[])Response[member].Clone();
            bytes[at] ^= bits;
            return With(member, bytes);
        }

        public byte[] BackedUpOnly(string member, int at)
        {
            var bytes = (byte[])Response[member].Clone();
            bytes[at] = (byte)((bytes[at] | 0x10) & ~0x08);
            return bytes;
        }

        /// <summary>Where the authenticator data begins: with the hash of the relying party.</summary>
        public int DataAt(string member) => Response[member].AsSpan().IndexOf(System.Security.Cryptography.SHA256.HashData("example.org"u8));

        public JsonElement ToJson() => JsonSerializer.SerializeToElement(new
        {
            id = SoftPasskey.Text(Id),
            rawId = SoftPasskey.Text(Id),
            type = "public-key",
            response = Response.ToDictionary(member => member.Key, member => SoftPasskey.Text(member.Value)),
            clientExtensionResults = new { },
        });
    }

    private sealed class VectorsFactAttribute : FactAttribute
    {
        public VectorsFactAttribute() => Skip = string.IsNullOrEmpty(Folder) ? "Set CARDEA_TEST_VECTORS to a folder that contains webauthn-l3/ to run this." : null!;
    }
}
