using System.Net;
using System.Text;
using System.Text.Json;
using Cardea.Features.SigningKeys;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Stories;

/// <summary>An app that verifies tokens by the published keys, and keeps them as long as it is told, notices nothing of a rotation.</summary>
public sealed class KeyRotationStory
{
    [Theory, OnSqlite, OnPostgres]
    public async Task JW_07_A_verifier_that_keeps_the_keys_as_long_as_it_may_never_meets_an_unknown_one(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var keySet = (await alice.GetAsync("/.well-known/jwks.json")).Expect(HttpStatusCode.OK);
        var maxAge = TimeSpan.FromSeconds(int.Parse(keySet.Header("Cache-Control")!.Split("max-age=")[1], System.Globalization.CultureInfo.InvariantCulture));
        var (known, readAt) = (KeyIds(keySet), app.Clock.GetUtcNow());
        var oldKey = KeyId(alice.AccessToken!);
        Assert.Equal([oldKey], known);

        var newKey = await app.Services.GetRequiredService<SigningKeyRing>().RotateAsync(ClientInfo.Server("test"));
        var used = new HashSet<string>();
        for (var minutes = 0; minutes <= 40; minutes++)
        {
            (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
            (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
            used.Add(KeyId(alice.AccessToken!));
            if (app.Clock.GetUtcNow() - readAt > maxAge)
            {
                (known, readAt) = (KeyIds(await alice.GetAsync("/.well-known/jwks.json")), app.Clock.GetUtcNow());
            }

            Assert.Contains(KeyId(alice.AccessToken!), known);
            app.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal([oldKey, newKey], used);
        Assert.Equal([newKey], KeyIds(await alice.GetAsync("/.well-known/jwks.json")));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_token_of_the_old_key_is_good_until_it_expires(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        await app.Services.GetRequiredService<SigningKeyRing>().RotateAsync(ClientInfo.Server("test"));
        app.Clock.Advance(TimeSpan.FromMinutes(9)); // the new key signs from the tenth minute on
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        var (signedByOld, key) = (alice.AccessToken!, KeyId(alice.AccessToken!));

        app.Clock.Advance(TimeSpan.FromMinutes(14));
        Assert.Contains(key, KeyIds(await alice.GetAsync("/.well-known/jwks.json")));
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.NotEqual(key, KeyId(alice.AccessToken!));

        app.Clock.Advance(TimeSpan.FromMinutes(1));
        alice.AccessToken = signedByOld;
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
    }

    [Theory, OnPostgres]
    public async Task A_rotation_on_one_node_is_known_on_the_other(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("PublicUrl", "http://localhost:8080"));
        await using var other = await app.StartNodeAsync(("PublicUrl", "http://localhost:8080"));
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        await app.Services.GetRequiredService<SigningKeyRing>().RotateAsync(ClientInfo.Server("test"));
        app.Clock.Advance(TimeSpan.FromMinutes(11)); // one clock for both nodes

        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        var there = other.NewActor();
        there.AccessToken = alice.AccessToken;
        Assert.Contains(KeyId(alice.AccessToken!), KeyIds(await there.GetAsync("/.well-known/jwks.json")));
        (await there.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    private static List<string> KeyIds(Answer keySet) => [.. keySet.Json.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("kid").GetString()!)];

    private static string KeyId(string token) =>
        JsonSerializer.Deserialize<JsonElement>(Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[0]))).GetProperty("kid").GetString()!;
}
