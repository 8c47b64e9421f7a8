using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Cardea.Tests.Features.SecondSteps;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>To be turned away costs nobody anything: whoever is, again and again, fills neither log nor disk. The row of the first says that it happens, those of later ones how often.</summary>
public sealed class AuBoundTests
{
    private const int Times = 40;

    /// <summary>Doors at which a secret can be guessed, and which therefore must have turned away some of so many.</summary>
    private static readonly string[] Guessed =
        ["POST /auth/login", "POST /auth/code/login", "POST /auth/login/mfa", "POST /auth/reauthenticate", "POST /password/change", "DELETE /users/me", "POST /users/me/totp/confirm"];

    [Theory, OnSqlite, OnPostgres]
    public async Task AU_01_Of_what_any_door_turns_away_a_row_is_written_for_the_first_and_each_tenfold(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
        var mfaToken = (await app.NewActor().As(alice).TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required").Member("mfa_token")!;
        var ids = new Dictionary<string, List<string>>();
        var deedless = new List<string>();
        foreach (var route in JsonRoute.All(app).Where(route => route.Method != "GET"))
        {
            // Without a token everywhere; with one where more than the token is asked for.
            var isGuess = route.Example?.Any(member => member.Key is "password" or "current_password" or "code") is true;
            var asOwner = route.Access is not Access.Anyone && isGuess && !route.Path.StartsWith("/api/", StringComparison.Ordinal);
            var client = asOwner ? alice : app.NewActor();
            var body = route.Example is null ? null : route.Path == "/auth/reauthenticate" ? JsonSerializer.Serialize(new { code = phone.WrongCode() }) : Wrong(route.Example, alice, mfaToken, phone.WrongCode());
            for (var time = 0; time < Times; time++)
            {
                var answer = await client.SendAsync(new HttpMethod(route.Method), route.Path, body, withToken: asOwner);
                var id = answer.Header("X-Request-Id")!;
                if (answer.Status is HttpStatusCode.TooManyRequests)
                {
                    (ids.TryGetValue(route.ToString(), out var known) ? known : ids[route.ToString()] = []).Add(id);
                }
                else if (route.Access is not Access.Anyone && !asOwner)
                {
                    deedless.Add(id);
                }
            }
        }

        var written = (await app.Database.QueryAsync<(string Id, string? Detail)>("SELECT request_id, detail FROM audit_events WHERE request_id IS NOT NULL")).ToLookup(row => row.Id, row => row.Detail);
        Assert.DoesNotContain(deedless, written.Contains); // who may not even enter leaves no row
        Assert.Superset(Guessed.ToHashSet(), ids.Keys.ToHashSet());
        Assert.All(ids, door =>
        {
            var told = door.Value.SelectMany(id => written[id]).Select(detail => JsonDocument.Parse(detail!).RootElement.GetProperty("times").GetInt64()).ToList();
            Assert.True(told.Count <= 4 && told.TrueForAll(times => times is 1 or 10), $"{door.Key}: {door.Value.Count} were turned away, rows at {string.Join(", ", told)}"); // more than two where a slow machine outlasts a block of half a minute
        });
        Assert.InRange(Told("POST /auth/login"), 2, 4);
        Assert.Equal(2, Told("POST /auth/code/login"));
        Assert.Equal((2, 2), (Told("POST /auth/login/mfa"), Told("POST /auth/reauthenticate"))); // counted apart

        int Told(string door) => ids[door].Count(id => written[id].Any());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AU_01_Names_that_an_address_makes_up_after_its_last_try_leave_no_row_each(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (stranger, turnedAway) = (app.NewActor(), new List<string>());
        for (var number = 0; turnedAway.Count < 120; number++)
        {
            var answer = await stranger.TrySignInAsync("not the password at all", login: $"nobody{number}@example.org");
            if (answer.Status is HttpStatusCode.TooManyRequests)
            {
                turnedAway.Add(answer.Header("X-Request-Id")!);
            }
        }

        var rows = await app.Database.QueryAsync<(string Id, string Detail)>("SELECT request_id, detail FROM audit_events WHERE event = 'sign_in.throttled' ORDER BY at, id");
        Assert.Equal([turnedAway[0], turnedAway[9], turnedAway[99]], rows.Select(row => row.Id));
        Assert.Equal([1L, 10L, 100L], rows.Select(row => JsonDocument.Parse(row.Detail).RootElement.GetProperty("times").GetInt64()));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AU_01_Each_new_block_has_its_own_first_row(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        for (var block = 1; block <= 4; block++)
        {
            Answer guess;
            while ((guess = await app.NewActor().TrySignInAsync("not the password at all", login: alice.Email)).Status == HttpStatusCode.Unauthorized)
            {
            }

            await app.NewActor().TrySignInAsync("not the password at all", login: alice.Email);
            Assert.Equal(block, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = 'sign_in.throttled' AND account_id = @Id", new { alice.Id }));
            app.Clock.Advance(TimeSpan.FromSeconds(int.Parse(guess.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture) + 1));
        }
    }

    private static string Wrong(JsonObject example, Actor owner, string mfaToken, string wrongCode)
    {
        var body = (JsonObject)example.DeepClone();
        foreach (var (member, value) in new[] { ("email", owner.Email), ("login", owner.Email), ("password", "not the password at all"), ("current_password", "not the password at all"), ("mfa_token", mfaToken), ("code", wrongCode) })
        {
            if (body.ContainsKey(member))
            {
                body[member] = value;
            }
        }

        if (body.ContainsKey("mfa_token"))
        {
            body["method"] = "totp";
        }

        return body.ToJsonString();
    }
}
