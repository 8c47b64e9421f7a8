using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Refresh tokens: each works once, and who presents an old one ends the session.</summary>
public sealed class RefreshChecks
{
    private static readonly TimeSpan PastGrace = TimeSpan.FromSeconds(11);

    [Theory, OnSqlite, OnPostgres]
    public async Task RT_01_A_token_is_bound_to_its_session_and_counter_and_long_enough(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var bob = await (await app.NewActor("bob").SignUpAsync()).SignInAsync();
        var (hers, his) = (Bytes(alice.RefreshToken!), Bytes(bob.RefreshToken!));
        Assert.True(hers.Length >= 32);
        for (var from = 0; from < hers.Length; from++)
        {
            // Every byte changed, and the tails of another session's token behind the head of this one's, from where the two differ on.
            var flipped = (byte[])hers.Clone();
            flipped[from] ^= 1;
            (await alice.TryRefreshAsync(Text(flipped))).Expect(HttpStatusCode.Unauthorized, "invalid_token");
            if (from > 16)
            {
                (await alice.TryRefreshAsync(Text([.. hers[..from], .. his[from..]]))).Expect(HttpStatusCode.Unauthorized, "invalid_token");
            }
        }

        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        (await bob.TryRefreshAsync()).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task RT_02_Each_use_rotates_and_a_replay_ends_the_session_and_is_audited(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var other = app.NewActor();
        (other.Email, other.Password) = (alice.Email, alice.Password);
        await other.SignInAsync();
        var stolen = alice.RefreshToken!;
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.NotEqual(stolen, alice.RefreshToken);
        var session = alice.SessionId;
        await app.PassAsync(PastGrace);

        (await app.NewActor().TryRefreshAsync(stolen)).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        (await other.TryRefreshAsync()).Expect(HttpStatusCode.OK); // the account's other sessions live on
        Assert.Equal([session], await app.Database.QueryAsync<string>("SELECT session_id FROM audit_events WHERE event = 'token.refresh_reused'"));
    }

    [Theory]
    [OnSqlite(1), OnPostgres(1), OnSqlite(2), OnPostgres(2)]
    public async Task RT_03_Fifty_that_present_the_same_token_get_the_same_successor(Engine engine, int nodes)
    {
        await using var app = await TestApp.StartAsync(engine);
        await using var second = nodes == 2 ? await app.StartNodeAsync(("PublicUrl", app.Address.GetLeftPart(UriPartial.Authority))) : null;
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        Actor[] at = [app.NewActor(), (second ?? app).NewActor()];
        for (var round = 0; round < 15; round++)
        {
            var token = alice.RefreshToken!;
            var answers = await Race.RunAsync(50, number => at[number % 2].SendAsync(HttpMethod.Post, "/auth/refresh", new { refresh_token = token }, withToken: false));
            Assert.All(answers, answer => answer.Expect(HttpStatusCode.OK));
            alice.RefreshToken = Assert.Single(answers.Select(answer => answer.Member("refresh_token")!).Distinct());
            Assert.NotEqual(token, alice.RefreshToken);
        }

        Assert.Equal(15, await app.Database.ScalarAsync<long>("SELECT refresh_counter FROM sessions"));
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.Empty(await app.Database.QueryAsync<string>("SELECT id FROM audit_events WHERE event = 'token.refresh_reused'"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task RT_04_Two_rotations_within_a_second_leave_the_first_token_dead(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var first = alice.RefreshToken!;
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        (await app.NewActor().TryRefreshAsync(first)).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task RT_05_A_refresh_asks_again_who_the_account_is_now(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        Assert.Equal(["user"], Roles(alice));
        Assert.False(Actor.Claims(alice.AccessToken!).GetProperty("email_verified").GetBoolean());

        await app.Database.ExecuteAsync("INSERT INTO account_roles (account_id, role) VALUES (@Id, 'admin')", new { alice.Id });
        await app.ChangeAccountAsync(alice, "email_verified_at = 1");
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.Equal(["admin", "user"], Roles(alice).Order());
        Assert.True(Actor.Claims(alice.AccessToken!).GetProperty("email_verified").GetBoolean());

        await app.Database.ExecuteAsync("DELETE FROM account_roles WHERE account_id = @Id AND role = 'admin'", new { alice.Id });
        await app.ChangeAccountAsync(alice, "given_name = 'Alice'");
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.Equal(["user"], Roles(alice));

        await app.ChangeAccountAsync(alice, "password_change_required = 1");
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.Forbidden, "password_change_required");
        await app.ChangeAccountAsync(alice, "password_change_required = 0, disabled_at = 1");
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.Forbidden, "account_disabled");
        await app.ChangeAccountAsync(alice, "disabled_at = NULL");
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK); // a refusal used nothing up

        (await alice.DeleteAsync("/users/me", new { password = alice.Password })).Expect(HttpStatusCode.OK);
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task RT_07_A_token_that_lies_unused_for_its_lifetime_is_refused(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Tokens:RefreshTokenDays", "2"), ("Tokens:AccessTokenMinutes", "1440"));
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        await app.PassAsync(TimeSpan.FromDays(2) - TimeSpan.FromMinutes(1));
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        await app.PassAsync(TimeSpan.FromHours(23));
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK); // the session is used, the refresh token isn't
        await app.PassAsync(TimeSpan.FromHours(25) + TimeSpan.FromSeconds(1));
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task RT_08_Where_sign_out_races_refresh_no_token_of_the_session_lives_afterwards(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        for (var round = 0; round < 8; round++)
        {
            await alice.SignInAsync();
            var (access, token) = (alice.AccessToken!, alice.RefreshToken!);
            var answers = await Race.RunAsync(50, number => number % 2 == 0
                ? app.NewActor().SendAsync(HttpMethod.Post, "/auth/refresh", new { refresh_token = token }, withToken: false)
                : alice.SendAsync(HttpMethod.Post, "/auth/logout", change: request => request.Headers.Authorization = new("Bearer", access)));
            Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.Unauthorized, answer.Body));
            Assert.Contains(answers.Where((_, number) => number % 2 == 1), answer => answer.Status is HttpStatusCode.OK);
            foreach (var pair in answers.Where(answer => answer.Member("refresh_token") is not null).DistinctBy(answer => answer.Member("access_token")))
            {
                var holder = new Actor(app) { AccessToken = pair.Member("access_token"), RefreshToken = pair.Member("refresh_token") };
                (await holder.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
                (await holder.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
            }

            (await alice.TryRefreshAsync(token)).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task RT_09_An_answer_that_was_lost_can_be_asked_for_again_for_ten_seconds_and_not_later(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var old = alice.RefreshToken!;
        var lost = await alice.SendAsync(HttpMethod.Post, "/auth/refresh", new { refresh_token = old }, withToken: false);
        (await alice.TryRefreshAsync(old)).Expect(HttpStatusCode.OK);
        Assert.Equal(lost.Member("refresh_token"), alice.RefreshToken);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK); // the pair is usable

        old = alice.RefreshToken!;
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        await app.PassAsync(PastGrace);
        (await app.NewActor().TryRefreshAsync(old)).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
    }

    private static IEnumerable<string> Roles(Actor actor) => Actor.Claims(actor.AccessToken!).GetProperty("roles").EnumerateArray().Select(role => role.GetString()!);

    private static byte[] Bytes(string base64Url) => Convert.FromBase64String(base64Url.Replace('-', '+').Replace('_', '/').PadRight((base64Url.Length + 3) / 4 * 4, '='));

    private static string Text(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
