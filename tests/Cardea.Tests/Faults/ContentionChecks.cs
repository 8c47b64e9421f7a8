using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Microsoft.Data.Sqlite;
using static System.Net.HttpStatusCode;

namespace Cardea.Tests.Faults;

/// <summary>Many who want the same rows at the same moment, and a database that gives some of them up.</summary>
public class ContentionChecks
{
    private const string Password = "violet tractor lamp nine";

    [Fact]
    public async Task RE_19_Nobody_hears_that_the_database_is_locked_beside_a_long_reader_and_a_backup()
    {
        await using var database = await TestDatabase.CreateAsync(Engine.Sqlite);
        await using var server = await RunningServer.StartAsync(database);
        await using var reader = new SqliteConnection(database.ConnectionString + ";Pooling=False");
        await reader.OpenAsync();
        await using var snapshot = reader.BeginTransaction(deferred: true);
        using (var command = reader.CreateCommand())
        {
            command.CommandText = "SELECT COUNT(*) FROM accounts";
            await command.ExecuteScalarAsync();
        }

        var tokens = new string[50];
        for (var writer = 0; writer < tokens.Length; writer++)
        {
            (await server.PostAsync("/auth/signup", new { email = $"writer{writer}@example.org", password = Password })).Expect(Created);
            tokens[writer] = (await server.PostAsync("/auth/login", new { login = $"writer{writer}@example.org", password = Password })).Member("refresh_token")!;
        }

        var writers = Probe.Start(
            async writer =>
            {
                var answer = await server.TryPostAsync("/auth/refresh", new { refresh_token = tokens[writer] });
                tokens[writer] = answer?.Member("refresh_token") ?? tokens[writer];
                return answer;
            },
            pauseMilliseconds: 0,
            callers: tokens.Length);
        using var folder = new TestFolder();
        for (var backup = 0; backup < Scale.Of(1, 3); backup++)
        {
            var (code, _, error) = await database.CommandAsync("", "backup", folder.File($"online{backup}.backup"));
            Assert.True(code == 0, error);
        }

        await Task.Delay(TimeSpan.FromSeconds(Scale.Of(1, 4)));
        await writers.StopAsync();
        writers.AllAre(OK);
        var p99 = writers.Percentile(0.99);
        Scale.Within(TimeSpan.FromMilliseconds(500), p99, "A write beside 49 others (p99)");
        Scale.Measured("RE-19", $"50 writers, a long reader and a backup: {writers.Count} writes, p99 {p99.TotalMilliseconds:F0} ms, 0 \"database is locked\"");
    }

    /// <summary>Whatever keeps the audit row from being written keeps the change from being made.</summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task RE_08_A_change_that_can_not_be_audited_is_not_made(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        if (engine is Engine.Postgres)
        {
            await app.Database.ExecuteAsync("CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$");
            await app.Database.ExecuteAsync("CREATE TRIGGER no_room BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION no_room()");
        }
        else
        {
            await app.Database.ExecuteAsync("CREATE TRIGGER no_room BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'no room'); END");
        }

        Assert.InRange((int)(await alice.PatchAsync("/users/me", new { given_name = "Zoë" })).Status, 500, 503);
        Assert.InRange((int)(await app.NewActor("bob").TrySignUpAsync()).Status, 500, 503);
        Assert.InRange((int)(await alice.TrySignInAsync()).Status, 500, 503);

        await app.Database.ExecuteAsync(engine is Engine.Postgres ? "DROP TRIGGER no_room ON audit_events" : "DROP TRIGGER no_room");
        Assert.NotEqual("Zoë", (await alice.GetAsync("/users/me")).Expect(OK).Member("given_name"));
        Assert.Equal((1L, 1L), await app.Database.ScalarAsync<(long, long)>("SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM sessions)"));
    }

    /// <summary>The database itself gives up every so many writes, as it does where two stand in each other's way.</summary>
    [Theory, OnPostgres("40001"), OnPostgres("40P01")]
    public async Task RE_20_A_transaction_that_PostgreSQL_gives_up_is_done_again_and_once(Engine engine, string state)
    {
        await using var app = await TestApp.StartAsync(engine);
        await app.Database.ExecuteAsync("CREATE SEQUENCE given_up");
        await app.Database.ExecuteAsync(
            $$"""
            CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('given_up') % 3 <> 0 THEN RAISE EXCEPTION 'given up' USING ERRCODE = '{{state}}'; END IF;
                RETURN NEW;
            END $$
            """);
        await app.Database.ExecuteAsync("CREATE TRIGGER give_up BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION give_up()");
        await app.Database.ExecuteAsync("CREATE TRIGGER give_up BEFORE INSERT ON sessions FOR EACH ROW EXECUTE FUNCTION give_up()");
        var people = Scale.Of(10, 300);
        for (var number = 0; number < people; number++)
        {
            var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
            (await alice.GetAsync("/users/me")).Expect(OK);
        }

        Assert.Equal(((long)people, (long)people, (long)people), await app.Database.ScalarAsync<(long, long, long)>(
            "SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM sessions), (SELECT count(*) FROM audit_events WHERE event = 'account.signed_up')"));
        Assert.True(await app.Database.ScalarAsync<long>("SELECT last_value FROM given_up") >= people * 5); // it did happen

        // Without end it is an outage, and nothing of it has happened.
        await app.Database.ExecuteAsync($$"""CREATE OR REPLACE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'given up' USING ERRCODE = '{{state}}'; END $$""");
        var refused = (await app.NewActor("bob").TrySignUpAsync()).Expect(ServiceUnavailable, "unavailable");
        Assert.NotNull(refused.Header("Retry-After"));
        Assert.Equal(people, await app.Database.ScalarAsync<long>("SELECT count(*) FROM accounts"));
        Scale.Measured("RE-20", $"{state}: {people * 2} transactions that were given up twice each came through, 0 twice; without end 503 with Retry-After");
    }
}
