using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Cardea.Features.SigningKeys;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Security;

/// <summary>The published keys, as a verifier of another program uses them.</summary>
public sealed class KeySetChecks
{
    [Theory]
    [InlineData("ES256", "EC", new[] { "crv", "x", "y" })]
    [InlineData("RS256", "RSA", new[] { "e", "n" })]
    [InlineData("PS256", "RSA", new[] { "e", "n" })]
    public async Task JW_06_The_key_set_holds_public_members_only_and_a_key_is_named_by_its_thumbprint(string algorithm, string type, string[] members)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("Tokens:Algorithm", algorithm));
        var ring = app.Services.GetRequiredService<SigningKeyRing>();
        await ring.CurrentAsync();
        await ring.RotateAsync(ClientInfo.Server("test"));
        var keys = (await app.NewActor().GetAsync("/.well-known/jwks.json")).Expect(HttpStatusCode.OK).Json.GetProperty("keys").EnumerateArray().ToList();
        Assert.Equal(2, keys.Count);
        Assert.All(keys, key =>
        {
            Assert.Equal([.. members.Concat(["alg", "kid", "kty", "use"]).Order(StringComparer.Ordinal)], key.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
            Assert.Equal((type, algorithm, "sig"), (key.GetProperty("kty").GetString(), key.GetProperty("alg").GetString(), key.GetProperty("use").GetString()));
            // RFC 7638 section 3: the required members alone, in order, without white space.
            var required = members.Append("kty").Order(StringComparer.Ordinal).Select(name => $"\"{name}\":\"{key.GetProperty(name).GetString()}\"");
            Assert.Equal(Forged.Text(SHA256.HashData(Encoding.UTF8.GetBytes("{" + string.Join(',', required) + "}"))), key.GetProperty("kid").GetString());
        });
        Assert.Equal(2, keys.Select(key => key.GetProperty("kid").GetString()).Distinct().Count());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task JW_07_A_rotation_is_noticed_by_no_verifier_that_keeps_the_key_set_as_long_as_it_may(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        // One asks just before the rotation, the other in the middle of the first one's time.
        Verifier[] verifiers = [new(app), new(app)];
        await verifiers[0].RefreshAsync();
        var living = new List<string>();
        var signers = new List<string>();
        for (var step = 0; step < 100; step++)
        {
            if (step is 0 or 5)
            {
                await app.Services.GetRequiredService<SigningKeyRing>().RotateAsync(ClientInfo.Server("test"));
            }

            (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
            living.Add(alice.AccessToken!);
            living.RemoveAll(token => Actor.Claims(token).GetProperty("exp").GetInt64() <= app.Clock.GetUtcNow().ToUnixTimeSeconds());
            signers.Add(Verifier.KeyIdOf(alice.AccessToken!));
            foreach (var token in living)
            {
                foreach (var verifier in verifiers[..(step < 5 ? 1 : 2)])
                {
                    Assert.True(await verifier.VerifiesAsync(token), $"step {step}: a verifier refused a token signed by {Verifier.KeyIdOf(token)}");
                }
            }

            foreach (var token in new[] { living[0], living[^1] })
            {
                (await new Actor(app) { AccessToken = token }.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
            }

            app.Clock.Advance(TimeSpan.FromSeconds(30));
        }

        Assert.Equal(3, signers.Distinct().Count());
        // In the end the old keys are gone: what they might have signed has expired.
        app.Clock.Advance(TimeSpan.FromMinutes(1));
        await verifiers[0].RefreshAsync();
        Assert.Equal([signers[^1]], verifiers[0].KeyIds);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task JW_07_A_key_that_is_taken_away_verifies_nothing_within_a_second(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        var id = Verifier.KeyIdOf(alice.AccessToken!);
        await app.Services.GetRequiredService<Database>().WriteAsync(async transaction =>
        {
            Assert.Equal(1, await transaction.ExecuteAsync("DELETE FROM signing_keys WHERE id = @id", new { id }));
            transaction.Invalidate(SigningKeyRing.Topic, "all");
        });
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.NotEqual(id, Verifier.KeyIdOf(alice.AccessToken!));
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    /// <summary>Believes the key set for as long as it was told to, and asks for no key that it doesn't know.</summary>
    private sealed class Verifier(TestApp app)
    {
        private Dictionary<string, JsonElement> _keys = [];
        private DateTimeOffset _until;

        public IEnumerable<string> KeyIds => _keys.Keys;

        public static string KeyIdOf(string token) => JsonSerializer.Deserialize<JsonElement>(Forged.Bytes(token.Split('.')[0])).GetProperty("kid").GetString()!;

        public async Task RefreshAsync()
        {
            var set = (await app.NewActor().GetAsync("/.well-known/jwks.json")).Expect(HttpStatusCode.OK);
            var maxAge = set.Header("Cache-Control")!.Split("max-age=")[1];
            Assert.InRange(int.Parse(maxAge, CultureInfo.InvariantCulture), 60, 3600);
            _until = app.Clock.GetUtcNow().AddSeconds(int.Parse(maxAge, CultureInfo.InvariantCulture));
            _keys = set.Json.GetProperty("keys").EnumerateArray().ToDictionary(key => key.GetProperty("kid").GetString()!);
        }

        public async Task<bool> VerifiesAsync(string token)
        {
            if (app.Clock.GetUtcNow() >= _until)
            {
                await RefreshAsync();
            }

            if (!_keys.TryGetValue(KeyIdOf(token), out var key))
            {
                return false;
            }

            using var ec = ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new ECPoint { X = Forged.Bytes(key.GetProperty("x").GetString()!), Y = Forged.Bytes(key.GetProperty("y").GetString()!) },
            });
            var dot = token.LastIndexOf('.');
            return ec.VerifyData(Encoding.ASCII.GetBytes(token[..dot]), Forged.Bytes(token[(dot + 1)..]), HashAlgorithmName.SHA256);
        }
    }
}
