using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cardea.Crypto.Jose;
using Cardea.Crypto.Tests.Harness;
using Cardea.Crypto.Text;
using Xunit;

namespace Cardea.Crypto.Tests.Jose;

public class SigningKeyTests
{
    public static TheoryData<SigningAlgorithm> Algorithms() => [.. Enum.GetValues<SigningAlgorithm>()];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_signed_token_verifies_and_gives_its_payload_and_key(SigningAlgorithm algorithm)
    {
        var key = JoseSamples.KeyOf(algorithm);
        var token = key.SignCompact(JoseSamples.Type, JoseSamples.Claims);
        Assert.True(JoseSamples.Verifier.TryVerify(token, JoseSamples.Type, out var payload, out var keyId));
        Assert.Equal(JoseSamples.Claims, payload);
        Assert.Equal(key.KeyId, keyId);

        Assert.True(Base64UrlText.TryDecode(token.Split('.')[0], out var header));
        Assert.Equal($$"""{"alg":"{{algorithm}}","typ":"at+jwt","kid":"{{key.KeyId}}"}""", Encoding.UTF8.GetString(header));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void An_exported_key_comes_back_as_the_same_key(SigningAlgorithm algorithm)
    {
        var key = JoseSamples.KeyOf(algorithm);
        using var again = SigningKey.Import(algorithm, key.ExportPkcs8());
        Assert.Equal(key.PublicJwk, again.PublicJwk);
        Assert.Equal(key.KeyId, again.KeyId);
        Assert.True(JoseSamples.Accepts(again.SignCompact(JoseSamples.Type, JoseSamples.Claims)));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void JW_06_The_published_key_has_public_members_only_and_its_thumbprint_as_kid(SigningAlgorithm algorithm)
    {
        var key = JoseSamples.KeyOf(algorithm);
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            key.PublicJwk.WriteTo(writer);
        }

        using var json = JsonDocument.Parse(buffer.WrittenMemory);
        var members = json.RootElement.EnumerateObject().Select(member => member.Name).ToArray();
        Assert.Equal(algorithm == SigningAlgorithm.ES256 ? ["kty", "use", "alg", "kid", "crv", "x", "y"] : ["kty", "use", "alg", "kid", "n", "e"], members);
        Assert.Empty(members.Intersect(["d", "p", "q", "dp", "dq", "qi", "k", "oth"]));
        Assert.Equal("sig", json.RootElement.Text("use"));
        Assert.Equal(algorithm.Name(), json.RootElement.Text("alg"));
        Assert.Equal(key.PublicJwk.Thumbprint(), json.RootElement.Text("kid"));
    }

    [Fact]
    public void Thumbprints_are_those_of_rfc_7638_and_rfc_9449()
    {
        foreach (var vector in TestVectors.OfRfc("jwk-thumbprints.json").GetProperty("thumbprints").EnumerateArray())
        {
            var jwk = JoseSamples.Jwk(vector.GetProperty("jwk"), alg: "RS256");
            Assert.Equal(vector.Text("sha256"), jwk.Thumbprint());
            Assert.Equal(vector.Text("sha256"), (jwk with { Alg = "PS256", Kid = "other", Use = "enc" }).Thumbprint());
        }
    }

    [Fact]
    public void A_key_that_does_not_fit_its_algorithm_is_not_imported()
    {
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var shortRsa = RSA.Create(1024);
        Refused(SigningAlgorithm.ES256, p384.ExportPkcs8PrivateKey());
        Refused(SigningAlgorithm.RS256, shortRsa.ExportPkcs8PrivateKey());
        Refused(SigningAlgorithm.ES256, JoseSamples.Rs256.ExportPkcs8());
        Refused(SigningAlgorithm.PS256, JoseSamples.Es256.ExportPkcs8());
        Refused(SigningAlgorithm.ES256, [.. JoseSamples.Es256.ExportPkcs8(), 0]);
        Refused(SigningAlgorithm.ES256, JoseSamples.Es256.ExportPkcs8()[..^1]);
        Refused(SigningAlgorithm.RS256, []);

        static void Refused(SigningAlgorithm algorithm, byte[] pkcs8) =>
            Assert.ThrowsAny<CryptographicException>(() => SigningKey.Import(algorithm, pkcs8));
    }

    [Fact]
    public void A_public_key_that_is_weak_or_badly_spelt_is_no_verification_key()
    {
        var ec = JoseSamples.Es256.PublicJwk;
        var rsa = JoseSamples.Rs256.PublicJwk;
        Assert.True(Base64UrlText.TryDecode(rsa.N, out var n));
        Assert.True(Base64UrlText.TryDecode(ec.Y, out var y));
        byte[] evenModulus = [.. n[..^1], (byte)(n[^1] & 0xfe)];
        byte[] offCurve = [.. y[..^1], (byte)(y[^1] ^ 1)];
        PublicJwk[] refused =
        [
            ec with { Alg = "HS256" }, ec with { Alg = "none" }, ec with { Alg = "es256" }, ec with { Alg = "RS256" }, ec with { Use = "enc" },
            ec with { Kid = "" }, ec with { Crv = "P-384" }, ec with { Kty = "RSA" }, ec with { X = null }, ec with { X = ec.X + "=" },
            ec with { Y = Base64UrlText.Encode(offCurve) }, ec with { X = "", Y = "" }, ec with { X = Base64UrlText.Encode(new byte[32]) },
            rsa with { Alg = "ES256" }, rsa with { E = "AQ" }, rsa with { E = "Ag" }, rsa with { E = "AAEAAQ" }, rsa with { E = "" },
            rsa with { N = Base64UrlText.Encode(n.AsSpan(0, 128)) }, rsa with { N = Base64UrlText.Encode((byte[])[0, .. n]) },
            rsa with { N = Base64UrlText.Encode(evenModulus) }, rsa with { N = Base64UrlText.Encode((byte[])[.. n, .. n, .. n]) },
        ];
        Assert.All(refused, jwk => Assert.False(VerificationKey.TryCreate(jwk, out _), jwk.ToString()));
        Assert.True(VerificationKey.TryCreate(ec, out _));
        Assert.True(VerificationKey.TryCreate(rsa, out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\"b")]
    [InlineData("at+jwt\n")]
    [InlineData("\u00e9")]
    public void A_type_that_is_no_media_type_is_a_bug(string type) =>
        Assert.Throws<ArgumentException>(() => JoseSamples.Es256.SignCompact(type, JoseSamples.Claims));

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Many_threads_may_sign_and_verify_with_one_key(SigningAlgorithm algorithm)
    {
        var key = JoseSamples.KeyOf(algorithm);
        Parallel.For(0, 600, new ParallelOptions { MaxDegreeOfParallelism = 32 }, i =>
        {
            var claims = Encoding.UTF8.GetBytes($$"""{"sub":"{{i}}"}""");
            var token = key.SignCompact(JoseSamples.Type, claims);
            Assert.True(JoseSamples.Verifier.TryVerify(token, JoseSamples.Type, out var payload, out _));
            Assert.Equal(claims, payload);
        });
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_key_disposed_under_load_finishes_or_refuses_and_never_signs_wrongly(SigningAlgorithm algorithm)
    {
        var key = SigningKey.Import(algorithm, JoseSamples.KeyOf(algorithm).ExportPkcs8());
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 16 }, i =>
        {
            if (i == 100)
            {
                key.Dispose();
            }

            try
            {
                Assert.True(JoseSamples.Accepts(key.SignCompact(JoseSamples.Type, JoseSamples.Claims)));
            }
            catch (ObjectDisposedException)
            {
                // The refusal that is meant.
            }
        });
        Assert.Throws<ObjectDisposedException>(() => key.SignCompact(JoseSamples.Type, JoseSamples.Claims));
        Assert.Throws<ObjectDisposedException>(key.ExportPkcs8);
        key.Dispose();
    }

    [Theory]
    [InlineData("ES256", true)]
    [InlineData("RS256", true)]
    [InlineData("PS256", true)]
    [InlineData("es256", false)]
    [InlineData("0", false)]
    [InlineData("HS256", false)]
    [InlineData("none", false)]
    [InlineData("ES256,RS256", false)]
    [InlineData(" ES256", false)]
    [InlineData(null, false)]
    public void Only_the_offered_names_are_algorithms(string? name, bool offered)
    {
        Assert.Equal(offered, SigningAlgorithmName.TryParse(name, out var algorithm));
        Assert.True(!offered || algorithm.Name() == name);
    }
}
