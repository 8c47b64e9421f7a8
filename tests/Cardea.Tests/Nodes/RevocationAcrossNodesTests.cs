using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Npgsql;

namespace Cardea.Tests.Nodes;

/// <summary>What one node ended, the other refuses within a second, though it remembers the session.</summary>
public sealed class RevocationAcrossNodesTests
{
    [Theory]
    [OnPostgres("log-out")]
    [OnPostgres("session end")]
    [OnPostgres("password change")]
    [OnPostgres("password reset")]
    [OnPostgres("account deletion")]
    public async Task SE_07_What_ends_on_one_node_is_refused_by_the_other_within_a_second(Engine engine, string how)
    {
        Assert.Equal(Engine.Postgres, engine);
        await using var nodes = await TwoNodes.StartAsync();
        var alice = await nodes.A.NewActor("alice").SignUpAsync();
        await alice.SignInAsync();
        (await nodes.AtBAsync(alice, "/users/me")).Expect(HttpStatusCode.OK); // now it is in node B's memory
        (await nodes.AtBAsync(alice, "/users/me")).Expect(HttpStatusCode.OK);

        (await EndAsync(nodes.A, alice, how)).Expect(HttpStatusCode.OK);

        await Within.OneSecondAsync(async () => (await nodes.AtBAsync(alice, "/users/me")).Status is HttpStatusCode.Unauthorized);
        (await nodes.Twin(alice).TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
    }

    [Theory, OnPostgres]
    public async Task A_node_that_lost_its_ear_still_refuses_what_ended_elsewhere_and_hears_again(Engine engine)
    {
        Assert.Equal(Engine.Postgres, engine);
        await using var nodes = await TwoNodes.StartAsync();
        for (var round = 0; round < 4; round++)
        {
            var alice = await nodes.A.NewActor("alice").SignUpAsync();
            await alice.SignInAsync();
            (await nodes.AtBAsync(alice, "/users/me")).Expect(HttpStatusCode.OK);

            Assert.Equal(2, await KillListenersAsync(nodes.A));
            (await alice.PostAsync("/auth/logout")).Expect(HttpStatusCode.OK);

            await Within.OneSecondAsync(async () => (await nodes.AtBAsync(alice, "/users/me")).Status is HttpStatusCode.Unauthorized);
            await Eventually.IsAsync(async () => await ListenersAsync(nodes.A) == 2, "both nodes listen again");
        }

        var bob = await nodes.A.NewActor("bob").SignUpAsync();
        await bob.SignInAsync();
        (await nodes.AtBAsync(bob, "/users/me")).Expect(HttpStatusCode.OK);
        await bob.PostAsync("/auth/logout");
        await Within.OneSecondAsync(async () => (await nodes.AtBAsync(bob, "/users/me")).Status is HttpStatusCode.Unauthorized);
    }

    /// <summary>Nobody tells a node that can't listen; so it must not believe its memory, and reads every time.</summary>
    [Theory, OnPostgres]
    public async Task A_node_that_can_not_listen_reads_the_database_instead(Engine engine)
    {
        Assert.Equal(Engine.Postgres, engine);
        await using var bare = await BareDatabase.CreateAsync(engine);
        using var stopping = new CancellationTokenSource();
        var watching = bare.Database.WatchAsync(stopping.Token);
        await Eventually.IsAsync(() => Task.FromResult(bare.Invalidations.IsTrusted), "it listens");

        await using (var admin = new NpgsqlConnection(TestDatabase.PostgresServer))
        {
            await admin.OpenAsync();
            var name = new NpgsqlConnectionStringBuilder(bare.Files.ConnectionString).Database;
            await using var command = new NpgsqlCommand($"ALTER DATABASE {name} ALLOW_CONNECTIONS false", admin);
            await command.ExecuteNonQueryAsync();
            command.CommandText = $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'";
            await command.ExecuteNonQueryAsync();
            await Eventually.IsAsync(() => Task.FromResult(!bare.Invalidations.IsTrusted), "the memory is believed no more");
            command.CommandText = $"ALTER DATABASE {name} ALLOW_CONNECTIONS true";
            await command.ExecuteNonQueryAsync();
        }

        await Eventually.IsAsync(() => Task.FromResult(bare.Invalidations.IsTrusted), "it listens again");
        await stopping.CancelAsync();
        await watching;
    }

    private static Task<int> KillListenersAsync(TestApp app) => app.Database.QueryAsync<bool>(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid IN (SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND (query LIKE 'LISTEN%' OR query = 'SELECT 1'))")
        .ContinueWith(killed => killed.Result.Count, TaskScheduler.Default);

    private static Task<long> ListenersAsync(TestApp app) => app.Database.ScalarAsync<long>(
        "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND (query LIKE 'LISTEN%' OR query = 'SELECT 1')");

    private static async Task<Answer> EndAsync(TestApp node, Actor alice, string how)
    {
        switch (how)
        {
            case "log-out":
                return await alice.PostAsync("/auth/logout");
            case "session end":
                var elsewhere = node.NewActor();
                (elsewhere.Email, elsewhere.Password) = (alice.Email, alice.Password);
                await elsewhere.SignInAsync();
                return await elsewhere.DeleteAsync("/sessions/" + alice.SessionId);
            case "password change":
                var other = node.NewActor();
                (other.Email, other.Password) = (alice.Email, alice.Password);
                await other.SignInAsync();
                return await other.PostAsync("/password/change", new { current_password = alice.Password, new_password = "copper walrus meadow 7" });
            case "password reset":
                await alice.PostAsync("/password/forgot", new { email = alice.Email });
                TestMail? mail = null;
                await Eventually.IsAsync(
                    async () => (mail = (await node.MailsToAsync(alice.Email)).FirstOrDefault(one => one.Links.Any(link => link.Contains("/reset-password", StringComparison.Ordinal)))) is not null,
                    "the reset mail came");
                return await alice.PostAsync("/password/reset", new { token = mail!.Token, password = "copper walrus meadow 7" });
            default:
                return await alice.DeleteAsync("/users/me", new { password = alice.Password });
        }
    }
}
