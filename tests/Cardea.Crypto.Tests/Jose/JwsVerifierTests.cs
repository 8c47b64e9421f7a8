using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cardea.Crypto.Jose;
using Cardea.Crypto.Tests.Harness;
using Cardea.Crypto.Text;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Cardea.Crypto.Tests.Jose;

public class JwsVerifierTests
{
    private static string Kid => JoseSamples.Es256.KeyId;

    private static string Signed => JoseSamples.Es256.SignCompact(JoseSamples.Type, JoseSamples.Claims);

    [Fact]
    public void Rfc_7515_A2_and_A3_verify_and_A1_and_A5_are_refused()
    {
        VerificationKey? last = null;
        foreach (var vector in TestVectors.OfRfc("jws-rfc7515.json").GetProperty("vectors").EnumerateArray())
        {
            var alg = vector.Text("name").Split(' ')[1];
            var isOurs = SigningAlgorithmName.TryParse(alg, out _);
            if (!isOurs)
            {
                // HS256 and none make no key; so they meet every key there is.
                Assert.All(
                    [VerificationKey.Of(JoseSamples.Es256), VerificationKey.Of(JoseSamples.Rs256), VerificationKey.Of(JoseSamples.Ps256), last],
                    key => Assert.False(key is not null && JwsVerifier.TryVerifyWith(key, vector.Text("jws"), out _)));
                continue;
            }

            Assert.True(VerificationKey.TryCreate(JoseSamples.Jwk(vector.GetProperty("key"), alg), out last));
            Assert.True(JwsVerifier.TryVerifyWith(last, vector.Text("jws"), out var payload));
            Assert.StartsWith("{\"iss\":\"joe\"", Encoding.UTF8.GetString(payload), StringComparison.Ordinal);
            // The door asks for more: they name neither a key nor a type.
            Assert.False(new JwsVerifier([last]).TryVerify(vector.Text("jws"), "JWT", out _, out _));
        }

        Assert.NotNull(last);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("NONE")]
    [InlineData("nOnE")]
    [InlineData("")]
    [InlineData("es256")]
    [InlineData("ES256 ")]
    [InlineData("ES384")]
    [InlineData("ES256K")]
    [InlineData("EdDSA")]
    [InlineData("HS256")]
    [InlineData("RS256")]
    [InlineData("PS256")]
    [InlineData("dir")]
    public void JW_01_An_algorithm_other_than_the_keys_own_is_refused(string alg)
    {
        var token = JoseSamples.SignedWithHeader($$"""{"alg":"{{alg}}","typ":"at+jwt","kid":"{{Kid}}"}""");
        Assert.False(JoseSamples.Accepts(token));
        Assert.False(JoseSamples.Accepts(token[..(token.LastIndexOf('.') + 1)]));
        Assert.False(JoseSamples.Accepts(token[..token.LastIndexOf('.')]));
    }

    [Fact]
    public void JW_01_The_rsa_schemes_do_not_stand_in_for_each_other()
    {
        // One modulus under both names, so that only the binding of key and algorithm keeps them apart.
        var pkcs8 = JoseSamples.Rs256.ExportPkcs8();
        using var asPss = SigningKey.Import(SigningAlgorithm.PS256, pkcs8);
        Assert.Equal(JoseSamples.Rs256.KeyId, asPss.KeyId);
        Assert.False(JoseSamples.Accepts(asPss.SignCompact(JoseSamples.Type, JoseSamples.Claims)));
    }

    [Fact]
    public void JW_02_A_public_key_never_serves_as_an_HMAC_secret()
    {
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(JoseSamples.Rs256.ExportPkcs8(), out _);
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportPkcs8PrivateKey(JoseSamples.Es256.ExportPkcs8(), out _);
        (SigningKey Key, byte[][] Encodings)[] keys =
        [
            (JoseSamples.Rs256,
            [
                rsa.ExportSubjectPublicKeyInfo(), rsa.ExportRSAPublicKey(), Ascii(rsa.ExportSubjectPublicKeyInfoPem()),
                Ascii(rsa.ExportSubjectPublicKeyInfoPem() + "\n"), Ascii(rsa.ExportRSAPublicKeyPem()), JsonOf(JoseSamples.Rs256.PublicJwk),
                rsa.ExportParameters(false).Modulus!,
            ]),
            (JoseSamples.Es256,
            [
                ecdsa.ExportSubjectPublicKeyInfo(), Ascii(ecdsa.ExportSubjectPublicKeyInfoPem()), Ascii(ecdsa.ExportSubjectPublicKeyInfoPem() + "\n"),
                Ascii(ecdsa.ExportSubjectPublicKeyInfoPem().ReplaceLineEndings("\r\n")), JsonOf(JoseSamples.Es256.PublicJwk),
                [4, .. ecdsa.ExportParameters(false).Q.X!, .. ecdsa.ExportParameters(false).Q.Y!], ecdsa.ExportParameters(false).Q.X!,
            ]),
        ];
        foreach (var (key, encodings) in keys)
        {
            Assert.Equal(7, encodings.Length);
            foreach (var secret in encodings)
            {
                foreach (var alg in (string[])["HS256", key.Algorithm.Name()])
                {
                    var header = Ascii($$"""{"alg":"{{alg}}","typ":"at+jwt","kid":"{{key.KeyId}}"}""");
                    var input = $"{Base64UrlText.Encode(header)}.{Base64UrlText.Encode(JoseSamples.Claims)}";
                    Assert.False(JoseSamples.Accepts($"{input}.{Base64UrlText.Encode(HMACSHA256.HashData(secret, Ascii(input)))}"));
                }
            }
        }

        static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text);

        static byte[] JsonOf(PublicJwk jwk)
        {
            using var stream = new MemoryStream();
            using (var writer = new Utf8JsonWriter(stream))
            {
                jwk.WriteTo(writer);
            }

            return stream.ToArray();
        }
    }

    [Fact]
    public void JW_03_A_token_cannot_bring_or_point_to_its_own_key()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/jwks.json";
        using var attacker = SigningKey.Generate(SigningAlgorithm.ES256);
        using var forger = ECDsa.Create();
        forger.ImportPkcs8PrivateKey(attacker.ExportPkcs8(), out _);
        var jwk = $$"""{"kty":"EC","crv":"P-256","x":"{{attacker.PublicJwk.X}}","y":"{{attacker.PublicJwk.Y}}"}""";
        string[] extras = [$"\"jku\":\"{url}\"", $"\"x5u\":\"{url}\"", "\"x5c\":[\"MIIB\"]", $"\"jwk\":{jwk}", "\"x5t\":\"AAAA\""];
        foreach (var extra in extras)
        {
            foreach (var kid in (string[])[Kid, attacker.KeyId, url])
            {
                var header = $$"""{"alg":"ES256","typ":"at+jwt","kid":"{{kid}}",{{extra}}}""";
                var input = $"{Base64UrlText.Encode(Encoding.UTF8.GetBytes(header))}.{Base64UrlText.Encode(JoseSamples.Claims)}";
                var signature = forger.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256);
                Assert.False(JoseSamples.Accepts($"{input}.{Base64UrlText.Encode(signature)}"));
            }

            // Ignored, not obeyed and not minded: under our own signature the token stands.
            Assert.True(JoseSamples.Accepts(JoseSamples.SignedWithHeader($$"""{"alg":"ES256","typ":"at+jwt","kid":"{{Kid}}",{{extra}}}""")));
        }

        Assert.False(listener.Pending());
    }

    [Theory]
    [InlineData("")]
    [InlineData("../../../../dev/null")]
    [InlineData("' OR 1=1 --")]
    [InlineData("http://127.0.0.1/")]
    public void JW_03_The_kid_selects_only_from_the_own_keys(string kid)
    {
        Assert.False(JoseSamples.Accepts(JoseSamples.SignedWithHeader($$"""{"alg":"ES256","typ":"at+jwt","kid":"{{kid}}"}""")));
        Assert.False(JoseSamples.Accepts(JoseSamples.SignedWithHeader($$"""{"alg":"ES256","typ":"at+jwt","kid":"{{Kid}} "}""")));
        Assert.False(JoseSamples.Accepts(JoseSamples.SignedWithHeader($$"""{"alg":"ES256","typ":"at+jwt","kid":"{{JoseSamples.Rs256.KeyId}}"}""")));
    }

    [Fact]
    public void The_kid_is_required_even_of_a_single_key()
    {
        var single = new JwsVerifier([VerificationKey.Of(JoseSamples.Es256)]);
        Assert.True(single.TryVerify(Signed, JoseSamples.Type, out _, out _));
        Assert.False(single.TryVerify(JoseSamples.SignedWithHeader("""{"alg":"ES256","typ":"at+jwt"}"""), JoseSamples.Type, out _, out _));
        Assert.False(new JwsVerifier([]).TryVerify(Signed, JoseSamples.Type, out _, out _));
    }

    [Theory]
    [InlineData("at+jwt", "at+jwt", true)]
    [InlineData("AT+JWT", "at+jwt", true)]
    [InlineData("application/at+jwt", "at+jwt", true)]
    [InlineData("Application/At+Jwt", "at+jwt", true)]
    [InlineData("at+jwt", "application/at+jwt", true)]
    [InlineData("JWT", "at+jwt", false)]
    [InlineData("application/application/at+jwt", "at+jwt", false)]
    [InlineData("application/", "at+jwt", false)]
    [InlineData("", "at+jwt", false)]
    [InlineData("at+jwt ", "at+jwt", false)]
    [InlineData("text/at+jwt", "at+jwt", false)]
    public void JW_04_The_type_is_the_expected_one(string type, string expected, bool accepted) =>
        Assert.Equal(accepted, JoseSamples.Accepts(JoseSamples.SignedWithHeader($$"""{"alg":"ES256","typ":"{{type}}","kid":"{{Kid}}"}"""), expected));

    [Theory]
    [InlineData("""{"alg":"ES256","kid":"KID"}""")] // no type
    [InlineData("""{"typ":"at+jwt","kid":"KID"}""")] // no algorithm
    [InlineData("""{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"KID"}""")]
    [InlineData("""{"alg":"ES256","typ":"at+jwt","kid":"KID","kid":"KID"}""")]
    [InlineData("""{"alg":"ES256","typ":"at+jwt","kid":"KID","\u0061lg":"none"}""")] // a duplicate under an escape
    [InlineData("""{"alg":"ES256","typ":"at+jwt","kid":"KID","jwk":{"a":1,"a":2}}""")]
    [InlineData("""{"alg":["ES256"],"typ":"at+jwt","kid":"KID"}""")]
    [InlineData("""{"alg":null,"typ":"at+jwt","kid":"KID"}""")]
    [InlineData("""{"alg":"ES256","typ":1,"kid":"KID"}""")]
    [InlineData("""{"alg":"ES256","typ":"at+jwt","kid":{"KID":1}}""")]
    [InlineData("""{"alg":"ES256","typ":"at+jwt","kid":"KID","crit":["exp"]}""")]
    [InlineData("""{"alg":"ES256","typ":"at+jwt","kid":"KID","crit":[]}""")]
    [InlineData("""{"alg":"ES256","typ":"at+jwt","kid":"KID","crit":null}""")]
    [InlineData("""{"alg":"ES256","typ":"at+jwt","kid":"KID","b64":true}""")]
    [InlineData("""{"alg":"ES256","typ":"at+jwt","kid":"KID","zip":"DEF"}""")]
    [InlineData("""{"alg":"ES256","typ":"at+jwt","kid":"KID","enc":"A256GCM"}""")]
    [InlineData("""{"alg":"ES256","typ":"at+jwt","kid":"KID",}""")]
    [InlineData("""{"alg":"ES256","typ":"at+jwt","kid":"KID"} x""")]
    [InlineData("""{"alg":"ES256","typ":"at+jwt","kid":"KID"/**/}""")]
    [InlineData("""{"alg":"ES256","typ":"at+jwt","kid":"KID","a":"\ud800"}{""")]
    [InlineData("""{"alg":"\ud800","typ":"at+jwt","kid":"KID"}""")]
    [InlineData("""{"\ud800":1,"alg":"ES256","typ":"at+jwt","kid":"KID"}""")]
    [InlineData("""{"alg":"ES256","typ":"at+jwt","kid":"KID","a":[[[[[[1]]]]]]}""")]
    [InlineData("""[{"alg":"ES256","typ":"at+jwt","kid":"KID"}]""")]
    [InlineData("\"ES256\"")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("\uFEFF{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"KID\"}")]
    public void A_header_that_is_not_strict_or_asks_for_more_is_refused_under_a_right_signature(string header) =>
        Assert.False(JoseSamples.Accepts(JoseSamples.SignedWithHeader(header.Replace("KID", Kid, StringComparison.Ordinal))));

    [Fact]
    public void A_header_that_is_not_utf_8_is_refused()
    {
        byte[] header = [.. Encoding.ASCII.GetBytes($$"""{"alg":"ES256","typ":"at+jwt","kid":"{{Kid}}","a":""" + "\""), 0xC3, 0x28, (byte)'"', (byte)'}'];
        Assert.False(JoseSamples.Accepts(JoseSamples.SignedWithHeader(header)));
    }

    [Fact]
    public void JW_09_Oversized_nested_and_compressed_tokens_are_refused_fast_and_without_memory()
    {
        string[] hostile =
        [
            new('A', 1 << 20),
            Signed + new string('A', 1 << 20),
            new('.', 1_000),
            new('.', 1 << 20),
            string.Join('.', Enumerable.Repeat("AAAA", 1_000)),
            $"{Base64UrlText.Encode("""{"alg":"dir","enc":"A256GCM","zip":"DEF"}"""u8)}..AAAA.AAAA.AAAA", // a JWE
        ];
        foreach (var token in hostile)
        {
            // The best of five: a busy machine may take the processor away in the middle of one.
            var best = Enumerable.Range(0, 5).Select(_ => Refusal(token)).Min();
            Assert.True(best.Time < TimeSpan.FromMilliseconds(20), $"{best.Time}");
            Assert.True(best.Allocated < 1_024, $"{best.Allocated} bytes");
        }

        // A token in a token is only a payload that is no claims set; nothing unwraps it.
        Assert.False(JoseSamples.Accepts(JoseSamples.SignedWithHeader(
            $$"""{"alg":"ES256","typ":"at+jwt","kid":"{{Kid}}","zip":"DEF","cty":"JWT"}""")));

        static (TimeSpan Time, long Allocated) Refusal(string token)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var clock = Stopwatch.StartNew();
            var accepted = JoseSamples.Accepts(token);
            var outcome = (clock.Elapsed, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.False(accepted);
            return outcome;
        }
    }

    [Fact]
    public void The_longest_token_looked_at_has_8192_characters()
    {
        var overhead = Signed.Length - Base64UrlText.Encode(JoseSamples.Claims).Length;
        var claims = new byte[(CompactJws.LongestInCharacters - overhead) / 4 * 3];
        var longest = JoseSamples.Es256.SignCompact(JoseSamples.Type, claims);
        Assert.InRange(longest.Length, CompactJws.LongestInCharacters - 3, CompactJws.LongestInCharacters);
        Assert.True(JoseSamples.Accepts(longest));
        Assert.False(JoseSamples.Accepts(JoseSamples.Es256.SignCompact(JoseSamples.Type, new byte[claims.Length + 3])));
    }

    [Theory]
    [InlineData(SigningAlgorithm.ES256)]
    [InlineData(SigningAlgorithm.RS256)]
    [InlineData(SigningAlgorithm.PS256)]
    public void No_flipped_bit_and_no_cut_of_a_token_is_accepted(SigningAlgorithm algorithm)
    {
        var token = JoseSamples.KeyOf(algorithm).SignCompact(JoseSamples.Type, JoseSamples.Claims);
        Assert.True(JoseSamples.Accepts(token));
        for (var bit = 0; bit < token.Length * 8; bit++)
        {
            var changed = token.ToCharArray();
            changed[bit / 8] ^= (char)(1 << (bit % 8));
            Assert.False(JoseSamples.Accepts(new string(changed)), $"bit {bit}");
        }

        for (var length = 0; length < token.Length; length++)
        {
            Assert.False(JoseSamples.Accepts(token[..length]));
            Assert.False(JoseSamples.Accepts(token[(length + 1)..]));
        }
    }

    [Fact]
    public void An_ecdsa_signature_in_another_form_is_refused()
    {
        var token = Signed;
        var input = token[..token.LastIndexOf('.')];
        Assert.True(Base64UrlText.TryDecode(token.AsSpan(input.Length + 1), out var signature));
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(JoseSamples.Es256.ExportPkcs8(), out _);
        byte[][] others =
        [
            key.SignData(Encoding.ASCII.GetBytes(input), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence),
            new byte[64], [], [.. signature, 0], [0, .. signature], [0, .. signature[..32], 0, .. signature[32..]],
        ];
        Assert.All(others, other => Assert.False(JoseSamples.Accepts($"{input}.{Base64UrlText.Encode(other)}")));
    }

    [Fact]
    public void Two_keys_of_one_id_are_a_bug() =>
        Assert.Throws<ArgumentException>(() => new JwsVerifier([VerificationKey.Of(JoseSamples.Es256), VerificationKey.Of(JoseSamples.Es256)]));

    [Fact]
    public void Mutated_tokens_never_throw_and_never_pass()
    {
        var token = Signed;
        var mutations =
            from position in Gen.Choose(0, token.Length - 1)
            from removed in Gen.Choose(0, 8)
            from inserted in Gen.OneOf(
                Gen.Elements("", ".", "..", "=", "A", "{}", "\0", "\n", "eyJhbGciOiJub25lIn0"), ArbMap.Default.GeneratorFor<string>())
            select string.Concat(token.AsSpan(0, position), inserted, token.AsSpan(Math.Min(token.Length, position + removed)));
        Prop.ForAll(mutations.ToArbitrary(), mutated => mutated == token || !JoseSamples.Accepts(mutated))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
        Prop.ForAll<string>(text => text is null || !JoseSamples.Accepts(text)).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Any_header_text_is_refused_or_read_without_throwing() =>
        Prop.ForAll<string>(text => text is null || !JoseSamples.Accepts(JoseSamples.SignedWithHeader(
            $$"""{"alg":"ES256","typ":"at+jwt",{{text}}"kid":"{{Kid}}"}""")) || string.IsNullOrWhiteSpace(text)).QuickCheckThrowOnFailure();
}
