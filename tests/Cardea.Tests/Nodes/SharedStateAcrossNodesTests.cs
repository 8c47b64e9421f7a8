using System.Net;
using System.Security.Cryptography;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Nodes;

public sealed class SharedStateAcrossNodesTests
{
    [Theory, OnPostgres]
    public async Task One_nodes_tokens_are_the_others_too(Engine engine)
    {
        Assert.Equal(Engine.Postgres, engine);
        await using var nodes = await TwoNodes.StartAsync();
        var alice = await nodes.A.NewActor("alice").SignUpAsync();
        await alice.SignInAsync();

        (await nodes.AtBAsync(alice, "/users/me")).Expect(HttpStatusCode.OK);
        (await nodes.Twin(alice).TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.Equal(await nodes.A.Http.GetStringAsync(new Uri("/.well-known/jwks.json", UriKind.Relative)), await nodes.B.Http.GetStringAsync(new Uri("/.well-known/jwks.json", UriKind.Relative)));
    }

    [Theory, OnPostgres]
    public async Task RT_03_One_refresh_token_on_both_nodes_at_once_has_one_successor(Engine engine)
    {
        Assert.Equal(Engine.Postgres, engine);
        await using var nodes = await TwoNodes.StartAsync();
        var alice = await nodes.A.NewActor("alice").SignUpAsync();
        await alice.SignInAsync();
        for (var round = 0; round < 5; round++)
        {
            Actor[] twins = [nodes.Twin(alice), alice];
            var body = new { refresh_token = alice.RefreshToken };

            var answers = await Race.RunAsync(50, number => twins[number % 2].SendAsync(HttpMethod.Post, "/auth/refresh", body, withToken: false));

            alice.RefreshToken = Assert.Single(answers.Select(answer => answer.Expect(HttpStatusCode.OK).Member("refresh_token")).Distinct());
        }

        Assert.Equal(5, await nodes.A.Database.ScalarAsync<long>("SELECT refresh_counter FROM sessions"));
    }

    [Theory, OnPostgres]
    public async Task RT_02_A_token_rotated_on_one_node_and_reused_on_the_other_ends_the_session_on_both(Engine engine)
    {
        Assert.Equal(Engine.Postgres, engine);
        await using var nodes = await TwoNodes.StartAsync();
        var alice = await nodes.A.NewActor("alice").SignUpAsync();
        await alice.SignInAsync();
        var stolen = alice.RefreshToken;
        await alice.TryRefreshAsync();
        await alice.TryRefreshAsync();
        var twin = nodes.Twin(alice);

        (await nodes.B.NewActor("thief").TryRefreshAsync(stolen)).Expect(HttpStatusCode.Unauthorized, "invalid_token");

        (await twin.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        await Within.OneSecondAsync(async () => (await alice.GetAsync("/users/me")).Status is HttpStatusCode.Unauthorized);
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        Assert.Equal(1, await nodes.A.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = 'token.refresh_reused'"));
    }

    [Theory, OnPostgres]
    public async Task BF_12_Wrong_passwords_are_counted_over_both_nodes_together(Engine engine)
    {
        Assert.Equal(Engine.Postgres, engine);
        await using var nodes = await TwoNodes.StartAsync();
        var alice = await nodes.A.NewActor("alice").SignUpAsync();
        Actor[] guessers = [nodes.A.NewActor("guesser"), nodes.B.NewActor("guesser")];

        var answers = await Race.RunAsync(60, number => guessers[number % 2].TrySignInAsync($"guess {number}", login: alice.Email));

        Assert.Equal(10, answers.Count(answer => answer.Status is HttpStatusCode.Unauthorized)); // the allowance of one node alone
        Assert.Equal(50, answers.Count(answer => answer.Status is HttpStatusCode.TooManyRequests));
        (await guessers[1].TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.TooManyRequests);
    }

    [Theory, OnPostgres]
    public async Task RE_06_A_hundred_mails_are_sent_by_both_nodes_and_each_once(Engine engine)
    {
        Assert.Equal(Engine.Postgres, engine);
        await using var nodes = await TwoNodes.StartAsync();

        var actors = new List<Actor>();
        while (actors.Count < 100)
        {
            actors.AddRange(await Race.RunAsync(10, number => (number % 2 == 0 ? nodes.A : nodes.B).NewActor("reader").SignUpAsync()));
        }

        await Eventually.IsAsync(async () => await nodes.A.Database.ScalarAsync<long>("SELECT COUNT(*) FROM outbox WHERE state = 'queued'") == 0, "all mail went out");

        Assert.Equal((100L, 100L), await nodes.A.Database.ScalarAsync<(long, long)>("SELECT COUNT(*), SUM(attempts)::bigint FROM outbox WHERE state = 'sent'"));
        Assert.Equal(actors.Select(actor => actor.Email).Order(StringComparer.Ordinal), (await nodes.B.Database.QueryAsync<string>("SELECT recipient FROM mailbox")).Order(StringComparer.Ordinal));
    }

    [Theory, OnPostgres]
    public async Task Two_nodes_that_start_at_once_on_an_empty_database_become_one_system(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        (string, string)[] settings =
        [
            ("PublicUrl", "http://localhost:8099"), ("MasterKey", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))),
            ("Bootstrap:AdminEmail", "root@example.org"), ("Bootstrap:AdminPassword", "copper walrus meadow 7"),
        ];

        var nodes = await Race.RunAsync(2, _ => Task.Run(() => TestApp.StartAsync(engine, database, new ManualClock(), settings)));

        Assert.Equal(Migrator.Known().Count, await database.ScalarAsync<long>("SELECT COUNT(*) FROM schema_migrations"));
        var root = nodes[0].NewActor("root");
        (root.Email, root.Password) = ("root@example.org", "copper walrus meadow 7");
        await root.SignInAsync();
        var twin = nodes[1].NewActor();
        twin.AccessToken = root.AccessToken;
        (await twin.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        Assert.Equal((1L, 1L), await database.ScalarAsync<(long, long)>("SELECT (SELECT COUNT(*) FROM signing_keys), (SELECT COUNT(*) FROM accounts)"));
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }
}
