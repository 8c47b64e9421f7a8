using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Commands;

/// <summary>`cardea keys …` beside a running server.</summary>
public sealed class KeyCommandTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task A_rotation_is_published_within_a_second_and_nobody_is_refused(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        Assert.Single(await KeysAsync(alice));

        Assert.Matches(@"^The key \S+ signs from \S+Z; until then it is published\.\n$", (await app.CommandAsync("keys", "rotate")).Worked().Out);

        await Within.OneSecondAsync(async () => (await KeysAsync(alice)).Count == 2);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        var listed = (await app.CommandAsync("keys", "list")).Worked().Out;
        Assert.All(await KeysAsync(alice), id => Assert.Contains(id, listed));
        Assert.Contains("accepted until", listed);
        Assert.Contains("signs from", listed);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_key_that_somebody_else_may_have_is_refused_within_a_second(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        (await app.CommandAsync("keys", "rotate")).Worked();
        var old = await KeysAsync(alice);

        (await app.CommandAsync("keys", "rotate", "--now")).Worked();

        await Within.OneSecondAsync(async () => (await alice.GetAsync("/users/me")).Status == HttpStatusCode.Unauthorized);
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        Assert.Single(await KeysAsync(alice));
        Assert.Empty(old.Intersect(await KeysAsync(alice)));
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = 'signing_key.rotated' AND detail LIKE '%\"ends_old\":true%' AND user_agent = 'cardea keys rotate'"));
    }

    private static async Task<List<string>> KeysAsync(Actor actor) =>
        [.. (await actor.GetAsync("/.well-known/jwks.json")).Json.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("kid").GetString()!)];
}
