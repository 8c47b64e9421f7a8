using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Nodes;

/// <summary>Somebody's program signs in each time it runs, for weeks, and signs out never. That account must be able to be shut as well.</summary>
public sealed class ManySessionsTests
{
    /// <summary>More than one statement to either engine takes parameters.</summary>
    private const int Many = 70_000;

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_07_A_reset_ends_seventy_thousand_sessions_in_one_request_and_the_other_node_hears_of_it(Engine engine)
    {
        await using var database = await TestDatabase.WithSchemaAsync(engine);
        var (app, other) = await StartAsync(database);
        await using var first = app;
        await using var second = other;
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var twin = other.NewActor().As(alice);
        (twin.AccessToken, twin.RefreshToken) = (alice.AccessToken, alice.RefreshToken);
        await MultiplyAsync(database, alice);
        (await twin.GetAsync("/users/me")).Expect(HttpStatusCode.OK); // now it is in the other node's memory
        (await alice.PostAsync("/password/forgot", new { email = alice.Email })).Expect(HttpStatusCode.Accepted);
        var mail = await app.LastMailToAsync(alice.Email);

        (await app.NewActor().PostAsync("/password/reset", new { token = mail.Token, password = "orange kettle window five" })).Expect(HttpStatusCode.OK);

        await Within.OneSecondAsync(async () => (await twin.GetAsync("/users/me")).Status is HttpStatusCode.Unauthorized);
        (await twin.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT COUNT(*) FROM sessions"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_08_Somebody_with_seventy_thousand_sessions_can_end_all_but_their_own(Engine engine)
    {
        await using var database = await TestDatabase.WithSchemaAsync(engine);
        var (app, other) = await StartAsync(database);
        await using var first = app;
        await using var second = other;
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        await MultiplyAsync(database, alice);

        (await alice.DeleteAsync("/sessions")).Expect(HttpStatusCode.OK);

        Assert.Equal([alice.SessionId], await database.QueryAsync<string>("SELECT id FROM sessions"));
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_limit_that_is_new_lets_somebody_with_twenty_thousand_sessions_in_and_ends_the_others(Engine engine)
    {
        await using var database = await TestDatabase.WithSchemaAsync(engine);
        await using var app = await TestApp.StartAsync(
            engine, database, null, ("Database:ConnectionString", database.AsDeployed()), ("Sessions:MaxPerAccount", "2"), ("Sessions:WhenFull", "replace"));
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        const int count = 20_000; // each leaves a row in the audit log
        await MultiplyAsync(database, alice, count);

        var again = await app.NewActor().As(alice).SignInAsync();

        var left = await database.QueryAsync<string>("SELECT id FROM sessions");
        Assert.Equal(2, left.Count);
        Assert.Contains(again.SessionId, left);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized); // the oldest of them all
        Assert.Equal(count, await database.ScalarAsync<long>("SELECT COUNT(DISTINCT session_id) FROM audit_events WHERE event = 'session.replaced'"));
    }

    /// <summary>Two nodes with the time-outs that an operator's have.</summary>
    private static async Task<(TestApp App, TestApp Other)> StartAsync(TestDatabase database)
    {
        (string, string)[] settings = [("Database:ConnectionString", database.AsDeployed()), ("PublicUrl", "http://localhost:8099")];
        var app = await TestApp.StartAsync(database.Engine, database, null, settings);
        return (app, await TestApp.StartAsync(database.Engine, database, app.Clock, settings));
    }

    private static Task MultiplyAsync(TestDatabase database, Actor actor, int times = Many) => database.ExecuteAsync(
        $"""
        WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {times})
        INSERT INTO sessions (id, account_id, created_at, authenticated_at, last_seen_at, expires_at, amr, address, user_agent, refresh_hash, refresh_counter, refreshed_at)
        SELECT 'many' || i, account_id, created_at, authenticated_at, last_seen_at, expires_at, amr, address, user_agent, refresh_hash, refresh_counter, refreshed_at
        FROM sessions CROSS JOIN numbers WHERE account_id = @Id
        """,
        new { actor.Id });
}
