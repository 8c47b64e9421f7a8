using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Cardea.Features.SigningKeys;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Security;

/// <summary>Only what this server's own key signed, for this use and this server, is an access token.</summary>
public sealed class JwtChecks
{
    [Fact]
    public async Task JW_01_No_algorithm_but_the_keys_own_is_taken_and_none_never()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var forged = await Forged.LikeAsync(app, alice);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var ec384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        var genuineSignature = Forged.Bytes(forged.GenuinePart(2));
        var tokens = new List<(string, string)>();
        foreach (var none in new[] { "none", "None", "NONE", "nOnE", "", " ", "null", "ES", "ES256 ", "es256", "ES256K", "EdDSA", "RS256", "HS256", "dir" })
        {
            tokens.Add(($"alg {none} unsigned", forged.Unsigned(forged.Header(("alg", none)))));
            tokens.Add(($"alg {none} unsigned without a last dot", forged.Unsigned(forged.Header(("alg", none))).TrimEnd('.')));
            tokens.Add(($"alg {none} with the genuine signature", forged.Signed(forged.Header(("alg", none)), null, _ => genuineSignature)));
        }

        tokens.Add(("no alg", forged.Unsigned(forged.Header(("alg", null)))));
        tokens.Add(("alg as number", forged.Unsigned(forged.Header(("alg", 256)))));
        tokens.Add(("alg as list", forged.Unsigned(forged.Header(("alg", new JsonArray("ES256", "none"))))));
        tokens.Add(("alg twice", Forged.Text(Encoding.UTF8.GetBytes($$"""{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"{{forged.KeyId}}"}""")) + "." + forged.GenuinePart(1) + "." + forged.GenuinePart(2)));
        tokens.Add(("ES256 by a foreign key", forged.Signed(forged.Header(), null, input => ec.SignData(input, HashAlgorithmName.SHA256))));
        tokens.Add(("ES256 by a foreign key, without kid", forged.Signed(forged.Header(("kid", null)), null, input => ec.SignData(input, HashAlgorithmName.SHA256))));
        tokens.Add(("ES384", forged.Signed(forged.Header(("alg", "ES384")), null, input => ec384.SignData(input, HashAlgorithmName.SHA384))));
        tokens.Add(("ES256 by a P-384 key", forged.Signed(forged.Header(), null, input => ec384.SignData(input, HashAlgorithmName.SHA256))));
        tokens.Add(("RS256", forged.Signed(forged.Header(("alg", "RS256")), null, input => rsa.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))));
        tokens.Add(("PS256", forged.Signed(forged.Header(("alg", "PS256")), null, input => rsa.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pss))));
        tokens.Add(("other claims under the genuine signature", forged.Signed(forged.Header(), forged.Claims(("roles", new JsonArray("admin"))), _ => genuineSignature)));
        tokens.Add(("no signature", forged.Unsigned(forged.Header())));
        tokens.Add(("zeros as signature", forged.Signed(forged.Header(), null, _ => new byte[64]))); // CVE-2022-21449
        tokens.Add(("the group's order as signature", forged.Signed(forged.Header(), null, _ => [.. Order, .. Order])));
        tokens.Add(("signature in DER", forged.Signed(forged.Header(), null, _ => Der(genuineSignature))));
        tokens.Add(("signature with a byte more", forged.Signed(forged.Header(), null, _ => [.. genuineSignature, 0])));
        tokens.Add(("signature with a byte less", forged.Signed(forged.Header(), null, _ => genuineSignature[..^1])));
        tokens.Add(("half a signature", forged.Signed(forged.Header(), null, _ => genuineSignature[..32])));
        await AllRefusedAsync(alice, tokens);
    }

    [Fact]
    public async Task JW_02_The_public_key_is_no_shared_secret()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var forged = await Forged.LikeAsync(app, alice);
        await AllRefusedAsync(alice, forged.PublicKeyAsSecret().SelectMany(key => new[]
        {
            ("HS256 " + key.Name, forged.Signed(forged.Header(("alg", "HS256")), null, input => HMACSHA256.HashData(key.Secret, input))),
            ("HS384 " + key.Name, forged.Signed(forged.Header(("alg", "HS384")), null, input => HMACSHA384.HashData(key.Secret, input))),
            ("HS512 " + key.Name, forged.Signed(forged.Header(("alg", "HS512")), null, input => HMACSHA512.HashData(key.Secret, input))),
            ("ES256 by HMAC " + key.Name, forged.Signed(forged.Header(), null, input => HMACSHA512.HashData(key.Secret, input))),
        }));
    }

    [Fact]
    public async Task JW_03_A_token_brings_no_key_along_and_nothing_is_fetched_for_it()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var forged = await Forged.LikeAsync(app, alice);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = ec.ExportParameters(false).Q;
        JsonObject Jwk() => new() { ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Forged.Text(point.X!), ["y"] = Forged.Text(point.Y!), ["kid"] = forged.KeyId, ["alg"] = "ES256", ["use"] = "sig" };
        using var certificate = new CertificateRequest("CN=cardea", ec, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue.AddDays(-2));
        var url = $"http://{listener.LocalEndpoint}/keys";
        string Sign(params (string, JsonNode?)[] header) => forged.Signed(forged.Header(header), null, input => ec.SignData(input, HashAlgorithmName.SHA256));
        var tokens = new List<(string, string)>
        {
            ("jwk", Sign(("jwk", Jwk()))),
            ("jwk without kid", Sign(("jwk", Jwk()), ("kid", null))),
            ("jku", Sign(("jku", url))),
            ("jku without kid", Sign(("jku", url), ("kid", null))),
            ("x5u", Sign(("x5u", url), ("kid", "attacker"))),
            ("x5c", Sign(("x5c", new JsonArray(Convert.ToBase64String(certificate.RawData))))),
            ("x5t", Sign(("x5t", Forged.Text(certificate.GetCertHash())), ("x5t#S256", Forged.Text(certificate.GetCertHash(HashAlgorithmName.SHA256))))),
            ("iss", forged.Signed(forged.Header(), forged.Claims(("iss", url)), input => ec.SignData(input, HashAlgorithmName.SHA256))),
        };
        foreach (var kid in new JsonNode?[] { "attacker", "", " ", url, "../../../../dev/null", "/dev/null", "' OR '1'='1", "' UNION SELECT 'x' --", "$(id)", forged.KeyId + "\0", forged.KeyId.ToUpperInvariant() + "x", 0, true, new JsonArray(forged.KeyId), Jwk() })
        {
            tokens.Add(($"kid {kid?.ToJsonString()}", Sign(("kid", kid))));
            tokens.Add(($"kid {kid?.ToJsonString()} as HS256 by nothing", forged.Signed(forged.Header(("kid", kid?.DeepClone()), ("alg", "HS256")), null, input => HMACSHA256.HashData(Array.Empty<byte>(), input))));
        }

        await AllRefusedAsync(alice, tokens);
        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task JW_04_What_the_own_key_signed_for_another_use_issuer_audience_or_time_is_no_access_token()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var bob = await (await app.NewActor("bob").SignUpAsync()).SignInAsync();
        var forged = await Forged.LikeAsync(app, alice);
        var key = await app.Services.GetRequiredService<SigningKeyRing>().CurrentAsync();
        string Own(string type, params (string, JsonNode?)[] claims) => key.SignCompact(type, Encoding.UTF8.GetBytes(forged.Claims(claims).ToJsonString()));
        var now = app.Clock.GetUtcNow().ToUnixTimeSeconds();
        var issuer = forged.Claims()["iss"]!.GetValue<string>();

        alice.AccessToken = Own("at+jwt");
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK); // so what follows is refused for what it says
        var tokens = new[] { "JWT", "jwt", "id+jwt", "logout+jwt", "secevent+jwt", "dpop+jwt", "at", "at+jwt+x", "x/at+jwt", "application/jwt" }
            .Select(type => ("typ " + type, Own(type))).ToList();
        tokens.AddRange(new (string, JsonNode?)[]
        {
            ("iss", null), ("iss", issuer + "/"), ("iss", issuer + ".evil.example"), ("iss", "https://evil.example"), ("iss", issuer.ToUpperInvariant()), ("iss", ""), ("iss", 1), ("iss", new JsonArray(issuer)),
            ("aud", null), ("aud", "https://other.example"), ("aud", issuer + "/"), ("aud", ""), ("aud", true), ("aud", new JsonArray("https://other.example")), ("aud", new JsonArray()),
            ("exp", null), ("exp", now - 61), ("exp", now - 1), ("exp", 0), ("exp", -1), ("exp", "9999999999"), ("exp", true), ("exp", 1e300),
            ("nbf", now + 120), ("nbf", "0"), ("nbf", 1e300),
            ("sub", null), ("sub", bob.Id), ("sub", ""), ("sub", 1), ("sid", null), ("sid", bob.SessionId), ("sid", ""), ("sid", "%"), ("sid", Guid.CreateVersion7().ToString("n")),
        }.Select(claim => ($"{claim.Item1} {claim.Item2?.ToJsonString()}", Own("at+jwt", claim))));
        tokens.AddRange(new[] { "[]", "null", "\"text\"", "", "{", "{}", "{\"iss\":{}}" }.Select(payload => ("payload " + payload, key.SignCompact("at+jwt", Encoding.UTF8.GetBytes(payload)))));
        await AllRefusedAsync(alice, tokens);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task JW_04_JW_08_An_access_token_says_what_RFC_9068_asks_for_lives_fifteen_minutes_and_not_a_minute_more(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = app.NewActor("alice");
        alice.Username = "alice.of.the.lamp";
        await (await alice.SignUpAsync()).SignInAsync();
        var claims = Actor.Claims(alice.AccessToken!);
        Assert.Equal(
            ["amr", "aud", "auth_time", "email", "email_verified", "exp", "iat", "iss", "jti", "roles", "sid", "sub"],
            claims.EnumerateObject().Select(claim => claim.Name).Order(StringComparer.Ordinal));
        Assert.Equal(900, claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64());
        Assert.Equal(alice.Id, claims.GetProperty("sub").GetString());
        Assert.Equal("at+jwt", JsonNode.Parse(Forged.Bytes(alice.AccessToken!.Split('.')[0]))!["typ"]!.GetValue<string>());

        var jti = claims.GetProperty("jti").GetString();
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.NotEqual(jti, Actor.Claims(alice.AccessToken!).GetProperty("jti").GetString());
        app.Clock.Advance(TimeSpan.FromMinutes(14) + TimeSpan.FromSeconds(30));
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromSeconds(91));
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
    }

    private static byte[] Order => Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");

    private static byte[] Der(byte[] raw)
    {
        byte[] Integer(byte[] value) => [2, 33, 0, .. value];
        byte[] body = [.. Integer(raw[..32]), .. Integer(raw[32..])];
        return [0x30, (byte)body.Length, .. body];
    }

    private static async Task AllRefusedAsync(Actor actor, IEnumerable<(string Name, string Token)> tokens)
    {
        var genuine = actor.AccessToken;
        foreach (var (name, token) in tokens)
        {
            actor.AccessToken = token;
            var answer = await actor.GetAsync("/users/me");
            Assert.True(answer is { Status: HttpStatusCode.Unauthorized, Code: "unauthorized" }, $"{name}: {(int)answer.Status} {answer.Body}");
            Assert.Equal("Bearer error=\"invalid_token\"", answer.Header("WWW-Authenticate"));
        }

        actor.AccessToken = genuine;
        (await actor.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }
}
