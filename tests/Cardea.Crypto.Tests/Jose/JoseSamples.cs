using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cardea.Crypto.Jose;
using Cardea.Crypto.Tests.Harness;
using Cardea.Crypto.Text;

namespace Cardea.Crypto.Tests.Jose;

/// <summary>One key of each algorithm, made once, and the means to forge what the signer would never write.</summary>
internal static class JoseSamples
{
    public const string Type = "at+jwt";

    public static readonly SigningKey Es256 = SigningKey.Generate(SigningAlgorithm.ES256);
    public static readonly SigningKey Rs256 = SigningKey.Generate(SigningAlgorithm.RS256);
    public static readonly SigningKey Ps256 = SigningKey.Generate(SigningAlgorithm.PS256);

    public static readonly JwsVerifier Verifier =
        new([VerificationKey.Of(Es256), VerificationKey.Of(Rs256), VerificationKey.Of(Ps256)]);

    public static byte[] Claims => """{"iss":"https://id.example","sub":"1"}"""u8.ToArray();

    public static SigningKey KeyOf(SigningAlgorithm algorithm) =>
        algorithm switch { SigningAlgorithm.ES256 => Es256, SigningAlgorithm.RS256 => Rs256, _ => Ps256 };

    public static bool Accepts(string token, string type = Type) => Verifier.TryVerify(token, type, out _, out _);

    /// <summary>A token with any header text, rightly signed by the ES256 key: what is refused is then refused for its header.</summary>
    public static string SignedWithHeader(string headerJson) => SignedWithHeader(Encoding.UTF8.GetBytes(headerJson));

    public static string SignedWithHeader(byte[] header)
    {
        var input = $"{Base64UrlText.Encode(header)}.{Base64UrlText.Encode(Claims)}";
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(Es256.ExportPkcs8(), out _);
        return $"{input}.{Base64UrlText.Encode(key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256))}";
    }

    public static PublicJwk Jwk(JsonElement json, string? alg = null) => new()
    {
        Kty = json.Text("kty"),
        Crv = json.TextOrNull("crv"),
        X = json.TextOrNull("x"),
        Y = json.TextOrNull("y"),
        N = json.TextOrNull("n"),
        E = json.TextOrNull("e"),
        Use = json.TextOrNull("use") ?? (json.TryGetProperty("key_ops", out var ops) && ops[0].GetString() != "verify" ? "enc" : "sig"),
        Alg = alg ?? json.TextOrNull("alg") ?? "",
        Kid = json.TextOrNull("kid") ?? "vector",
    };
}
