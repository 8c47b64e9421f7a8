using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Access tokens that somebody else made, with the framework's cryptography and without the server's private key.</summary>
internal sealed class Forged
{
    private readonly string _genuine;
    private readonly JsonElement _jwk;

    private Forged(string genuine, JsonElement jwk) => (_genuine, _jwk) = (genuine, jwk);

    public string KeyId => _jwk.GetProperty("kid").GetString()!;

    public static async Task<Forged> LikeAsync(TestApp app, Actor holder)
    {
        var set = await app.NewActor().GetAsync("/.well-known/jwks.json");
        return new(holder.AccessToken!, set.Json.GetProperty("keys")[0].Clone());
    }

    /// <summary>The genuine header with other members; null takes one away.</summary>
    public JsonObject Header(params (string Name, JsonNode? Value)[] changes) => Changed(Part(0), changes);

    public JsonObject Claims(params (string Name, JsonNode? Value)[] changes) => Changed(Part(1), changes);

    public string GenuinePart(int index) => _genuine.Split('.')[index];

    public string Unsigned(JsonNode header, JsonNode? claims = null) => Encode(header) + "." + Encode(claims ?? Claims()) + ".";

    public string Signed(JsonNode header, JsonNode? claims, Func<byte[], byte[]> sign)
    {
        var input = Encode(header) + "." + Encode(claims ?? Claims());
        return input + "." + Text(sign(Encoding.ASCII.GetBytes(input)));
    }

    /// <summary>Every way to hand the public key to an HMAC as if it were a shared secret.</summary>
    public IEnumerable<(string Name, byte[] Secret)> PublicKeyAsSecret()
    {
        var (x, y) = (Bytes(_jwk.GetProperty("x").GetString()!), Bytes(_jwk.GetProperty("y").GetString()!));
        using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = x, Y = y } });
        var (der, pem) = (key.ExportSubjectPublicKeyInfo(), key.ExportSubjectPublicKeyInfoPem());
        yield return ("PEM", Encoding.ASCII.GetBytes(pem));
        yield return ("PEM with a last line feed", Encoding.ASCII.GetBytes(pem + "\n"));
        yield return ("PEM with CRLF", Encoding.ASCII.GetBytes(pem.Replace("\n", "\r\n", StringComparison.Ordinal)));
        yield return ("DER", der);
        yield return ("base64 of DER", Encoding.ASCII.GetBytes(Convert.ToBase64String(der)));
        yield return ("uncompressed point", [4, .. x, .. y]);
        yield return ("x and y", [.. x, .. y]);
        yield return ("x", x);
        yield return ("JWK", Encoding.UTF8.GetBytes(_jwk.GetRawText()));
        yield return ("kid", Encoding.UTF8.GetBytes(KeyId));
        yield return ("nothing", []);
        yield return ("null bytes", new byte[32]);
    }

    public static string Encode(JsonNode json) => Text(Encoding.UTF8.GetBytes(json.ToJsonString()));

    public static string Text(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    public static byte[] Bytes(string base64Url) => Convert.FromBase64String(base64Url.Replace('-', '+').Replace('_', '/').PadRight((base64Url.Length + 3) / 4 * 4, '='));

    private JsonObject Part(int index) => JsonNode.Parse(Bytes(GenuinePart(index)))!.AsObject();

    private static JsonObject Changed(JsonObject json, (string Name, JsonNode? Value)[] changes)
    {
        foreach (var (name, value) in changes)
        {
            json.Remove(name);
            if (value is not null)
            {
                json[name] = value;
            }
        }

        return json;
    }
}
