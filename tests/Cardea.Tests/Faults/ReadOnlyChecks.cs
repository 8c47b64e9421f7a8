using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Npgsql;
using static System.Net.HttpStatusCode;

namespace Cardea.Tests.Faults;

/// <summary>A database that reads and doesn't write: an administrator has set it so, or the standby has the address now.</summary>
public sealed class ReadOnlyChecks
{
    [Theory, OnPostgres]
    public async Task RE_02_While_the_database_only_reads_readers_go_on_and_writers_are_asked_to_come_again(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        await SetAsync(app, "SET default_transaction_read_only = on");
        await Eventually.IsAsync(async () => (await alice.GetAsync("/users/me")).Status is OK, "the connections that were ended are gone");

        app.Clock.Advance(TimeSpan.FromMinutes(2)); // so that a use of the session is worth noting
        for (var round = 0; round < 5; round++)
        {
            (await alice.GetAsync("/users/me")).Expect(OK);
            (await alice.GetAsync("/sessions")).Expect(OK);
            (await alice.GetAsync("/health/ready")).Expect(ServiceUnavailable);
            (await alice.GetAsync("/health")).Expect(OK);
            (await alice.PatchAsync("/users/me", new { given_name = "Zoë" })).Expect(ServiceUnavailable);
            (await alice.TryRefreshAsync()).Expect(ServiceUnavailable);
            (await app.NewActor().As(alice).TrySignInAsync()).Expect(ServiceUnavailable);
        }

        await SetAsync(app, "RESET default_transaction_read_only");
        await Eventually.IsAsync(async () => (await alice.GetAsync("/health/ready")).Status is OK, "it writes again");
        (await alice.PatchAsync("/users/me", new { given_name = "Zoë" })).Expect(OK);
    }

    [Theory, OnSqlite]
    public async Task A_write_that_SQLite_refuses_since_it_may_only_read_is_an_outage(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await bare.WriteAsync(transaction => transaction.ExecuteAsync("PRAGMA query_only = ON"));
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => bare.NewAccountAsync("alice"));
        Assert.True(Dialect.IsOutage(fault), fault.ToString());
        await bare.NewAccountAsync("alice"); // over a connection that may write
    }

    private static async Task SetAsync(TestApp app, string how)
    {
        var name = new NpgsqlConnectionStringBuilder(app.Database.ConnectionString).Database;
        await using var server = new NpgsqlConnection(TestDatabase.PostgresServer);
        await server.OpenAsync();
        await using var command = new NpgsqlCommand($"ALTER DATABASE {name} {how}; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'", server);
        await command.ExecuteNonQueryAsync();
    }
}
