using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Races;

public sealed class SessionRaces
{
    private const int Rounds = 5;

    [Theory, OnSqlite, OnPostgres]
    public async Task RT_03_A_refresh_token_used_50_times_at_once_has_one_successor(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        await alice.SignInAsync();
        for (var round = 0; round < Rounds; round++)
        {
            var token = alice.RefreshToken;

            var answers = await Race.RunAsync(50, _ => alice.SendAsync(HttpMethod.Post, "/auth/refresh", new { refresh_token = token }, withToken: false));

            var successor = Assert.Single(answers.Select(answer => answer.Expect(HttpStatusCode.OK).Member("refresh_token")).Distinct());
            Assert.NotEqual(token, successor);
            Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM sessions"));
            Assert.Equal(round + 1 + round, await app.Database.ScalarAsync<long>("SELECT refresh_counter FROM sessions"));
            (await alice.TryRefreshAsync(successor)).Expect(HttpStatusCode.OK);
        }

        (await alice.GetAsync("/session/active")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task RT_08_After_log_out_raced_by_refresh_nothing_lives(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        for (var round = 0; round < Rounds; round++)
        {
            await alice.SignInAsync();
            var (access, refresh) = (alice.AccessToken, alice.RefreshToken);

            var answers = await Race.RunAsync(50, number => number % 2 == 0
                ? alice.SendAsync(HttpMethod.Post, "/auth/refresh", new { refresh_token = refresh }, withToken: false)
                : alice.PostAsync("/auth/logout"));

            Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.Unauthorized, answer.Body));
            Assert.Contains(answers.Where((_, number) => number % 2 == 1), answer => answer.Status is HttpStatusCode.OK);
            foreach (var token in answers.Select(answer => answer.Member("access_token")).OfType<string>().Append(access!))
            {
                alice.AccessToken = token;
                (await alice.GetAsync("/session/active")).Expect(HttpStatusCode.Unauthorized);
            }

            foreach (var token in answers.Select(answer => answer.Member("refresh_token")).OfType<string>().Append(refresh!).Distinct())
            {
                (await alice.TryRefreshAsync(token)).Expect(HttpStatusCode.Unauthorized, "invalid_token");
            }

            Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM sessions"));
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Of_100_sign_ins_where_one_session_may_live_one_is_let_in(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Sessions:MaxPerAccount", "1"), ("Sessions:WhenFull", "refuse"));
        for (var round = 0; round < 2; round++)
        {
            var alice = await app.NewActor("alice").SignUpAsync();

            var answers = await Race.RunAsync(100, _ => SignInAsync(app, alice));

            Assert.Single(answers, answer => answer.Status is HttpStatusCode.OK);
            Assert.Equal(99, answers.Count(answer => answer is { Status: HttpStatusCode.Conflict, Code: "session_active" }));
            Assert.Equal(1, await SessionsOfAsync(app, alice));
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Of_100_sign_ins_that_replace_one_another_the_last_one_lives(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Sessions:MaxPerAccount", "1"), ("Sessions:WhenFull", "replace"));
        var alice = await app.NewActor("alice").SignUpAsync();

        var answers = await Race.RunAsync(100, _ => SignInAsync(app, alice));

        Assert.All(answers, answer => answer.Expect(HttpStatusCode.OK));
        Assert.Equal(1, await SessionsOfAsync(app, alice));
        var alive = new List<string>();
        foreach (var token in answers.Select(answer => answer.Member("access_token")!))
        {
            alice.AccessToken = token;
            if ((await alice.GetAsync("/session/active")).Status is HttpStatusCode.OK)
            {
                alive.Add(token);
            }
        }

        Assert.Single(alive);
    }

    private static Task<Answer> SignInAsync(TestApp app, Actor who) =>
        app.NewActor().SendAsync(HttpMethod.Post, "/auth/login", new { email = who.Email, password = who.Password });

    private static Task<long> SessionsOfAsync(TestApp app, Actor who) => app.Database.ScalarAsync<long>(
        "SELECT COUNT(*) FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE a.email = @Email", new { who.Email });
}
