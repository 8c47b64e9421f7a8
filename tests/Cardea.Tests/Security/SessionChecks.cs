using System.Net;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>When a session lives, when it is over, and that nothing stored is worth stealing.</summary>
public sealed class SessionChecks
{
    [Theory, OnSqlite, OnPostgres]
    public async Task SE_02_RT_01_Nothing_in_the_database_can_be_presented_as_a_session_or_refresh_token(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var actors = new List<Actor>();
        for (var number = 0; number < 20; number++)
        {
            var actor = await (await app.NewActor().SignUpAsync()).SignInAsync();
            (await actor.TryRefreshAsync()).Expect(HttpStatusCode.OK);
            actors.Add(actor);
        }

        var dump = await app.DumpAsync();
        var files = engine is Engine.Sqlite ? Directory.GetFiles(app.Database.Directory, "cardea.db*").Select(ReadShared).ToList() : [];
        Assert.Contains(actors[0].SessionId, dump, StringComparison.Ordinal); // so that what isn't found below was looked for in the right place
        Assert.All(actors, actor =>
        {
            var token = Bytes(actor.RefreshToken!);
            var random = token[17..49];
            var device = actor.Cookies.GetAllCookies().Single(cookie => cookie.Name == "cardea-device").Value;
            foreach (var secret in new[] { actor.RefreshToken!, actor.AccessToken!, actor.AccessToken!.Split('.')[2], Convert.ToHexStringLower(random), Convert.ToBase64String(random), Convert.ToHexStringLower(token[57..]), device, Convert.ToHexStringLower(Bytes(device)) })
            {
                Assert.DoesNotContain(secret, dump, StringComparison.OrdinalIgnoreCase);
                Assert.All(files, file => Assert.True(file.AsSpan().IndexOf(Encoding.ASCII.GetBytes(secret)) < 0));
                Assert.DoesNotContain(secret, app.Logs.Text, StringComparison.OrdinalIgnoreCase);
            }

            Assert.All(files, file => Assert.True(file.AsSpan().IndexOf(random) < 0 && file.AsSpan().IndexOf(Bytes(device)) < 0));
        });

        // 256 random bits: no two alike, and each bit is as often one as zero, with room for 20 × 256 throws of a coin (7 sigma).
        var randoms = actors.Select(actor => Bytes(actor.RefreshToken!)[17..49]).ToList();
        Assert.Equal(actors.Count, randoms.Select(Convert.ToHexString).Distinct().Count());
        Assert.InRange(randoms.Sum(random => random.Sum(one => int.PopCount(one))), 2560 - 250, 2560 + 250);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_04_Cookies_that_were_there_before_sign_in_never_become_anybodys_and_every_sign_in_is_a_new_session(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var planted = Convert.ToBase64String(new byte[32]).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        foreach (var name in new[] { "cardea", "__Host-cardea", "cardea-device", "__Host-cardea-device", "session" })
        {
            alice.Cookies.Add(app.Address, new Cookie(name, planted));
        }

        await alice.SignInAsync();
        var (firstSession, firstToken) = (alice.SessionId, alice.AccessToken);
        Assert.NotEqual(planted, alice.Cookies.GetAllCookies().Single(cookie => cookie.Name == "cardea-device").Value);
        foreach (var path in new[] { "/users/me", "/session/active", "/sessions" })
        {
            (await alice.SendAsync(HttpMethod.Get, path, withToken: false)).Expect(HttpStatusCode.Unauthorized, "unauthorized"); // a cookie opens no JSON
        }

        await alice.SignInAsync();
        Assert.NotEqual(firstSession, alice.SessionId);
        (await alice.PostAsync("/password/change", new { current_password = alice.Password, new_password = "brass otter window seven" })).Expect(HttpStatusCode.OK);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        alice.AccessToken = firstToken; // the session that didn't make the change is over
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_05_A_signed_out_session_is_over_at_once_here_and_within_a_second_on_every_node(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        await using var node = await app.StartNodeAsync(("PublicUrl", app.Address.GetLeftPart(UriPartial.Authority)));
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var elsewhere = Holding(node, alice);
        (await elsewhere.GetAsync("/users/me")).Expect(HttpStatusCode.OK); // the other node now has it in memory

        (await alice.PostAsync("/auth/logout")).Expect(HttpStatusCode.OK);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        (await alice.PostAsync("/auth/logout")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        await Task.Delay(1000);
        (await elsewhere.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        (await elsewhere.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_06_RT_07_A_session_ends_when_it_is_idle_too_long_and_at_the_latest_at_its_absolute_end(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Tokens:RefreshTokenDays", "365"));
        var idle = await (await app.NewActor("idle").SignUpAsync()).SignInAsync();
        var busy = await (await app.NewActor("busy").SignUpAsync()).SignInAsync();
        for (var day = 20; day <= 80; day += 20)
        {
            app.Clock.Advance(TimeSpan.FromDays(10));
            (await busy.TryRefreshAsync()).Expect(HttpStatusCode.OK);
            app.Clock.Advance(TimeSpan.FromDays(10));
            (await busy.TryRefreshAsync()).Expect(HttpStatusCode.OK);
            (await busy.GetAsync("/session/active")).Expect(HttpStatusCode.OK);
            if (day == 20)
            {
                continue; // twenty days are not too long
            }

            (await idle.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        }

        app.Clock.Advance(TimeSpan.FromDays(10) - TimeSpan.FromMinutes(5));
        (await busy.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        (await busy.GetAsync("/session/active")).Expect(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1)); // the access token has nine minutes left
        (await busy.GetAsync("/session/active")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        (await busy.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_06_RT_07_Thirty_days_and_a_second_without_use_end_a_session_and_use_puts_it_off(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Tokens:RefreshTokenDays", "365"), ("Tokens:AccessTokenMinutes", "1440"));
        var idle = await (await app.NewActor("idle").SignUpAsync()).SignInAsync();
        var used = await (await app.NewActor("used").SignUpAsync()).SignInAsync();
        app.Clock.Advance(TimeSpan.FromHours(23));
        (await used.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromHours(23) + TimeSpan.FromSeconds(1));
        (await idle.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        (await used.TryRefreshAsync()).Expect(HttpStatusCode.OK);
    }

    [Theory]
    [OnSqlite("disable"), OnPostgres("disable")]
    [OnSqlite("delete"), OnPostgres("delete")]
    [OnSqlite("reset"), OnPostgres("reset")]
    public async Task SE_07_Every_session_and_refresh_token_ends_on_every_node_when_the_account_is(Engine engine, string deed)
    {
        await using var app = await TestApp.StartAsync(engine);
        await using var node = await app.StartNodeAsync(("PublicUrl", app.Address.GetLeftPart(UriPartial.Authority)));
        var first = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var second = app.NewActor();
        (second.Email, second.Password) = (first.Email, first.Password);
        await second.SignInAsync();
        Actor[] holders = [first, second, Holding(node, first), Holding(node, second)];
        foreach (var holder in holders)
        {
            (await holder.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        }

        switch (deed)
        {
            case "disable":
                await app.DisableAsync(first);
                break;
            case "delete":
                (await first.DeleteAsync("/users/me", new { password = first.Password })).Expect(HttpStatusCode.OK);
                break;
            default:
                await first.PostAsync("/password/forgot", new { email = first.Email });
                var token = (await app.LastMailToAsync(first.Email)).Token;
                (await app.NewActor().PostAsync("/password/reset", new { token, password = "brass otter window seven" })).Expect(HttpStatusCode.OK);
                break;
        }

        foreach (var holder in holders[..2])
        {
            (await holder.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        }

        await Task.Delay(1000);
        foreach (var holder in holders)
        {
            (await holder.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
            var refused = await holder.TryRefreshAsync();
            Assert.True(deed == "disable" ? refused is { Status: HttpStatusCode.Forbidden, Code: "account_disabled" } : refused is { Status: HttpStatusCode.Unauthorized, Code: "invalid_token" }, refused.Body);
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_08_A_person_ends_her_own_sessions_and_can_touch_nobody_elses(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var phone = app.NewActor();
        (phone.Email, phone.Password) = (alice.Email, alice.Password);
        await phone.SignInAsync();
        var mallory = await (await app.NewActor("mallory").SignUpAsync()).SignInAsync();

        (await mallory.DeleteAsync("/sessions/" + alice.SessionId)).Expect(HttpStatusCode.NotFound, "not_found");
        (await mallory.DeleteAsync("/sessions")).Expect(HttpStatusCode.OK);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        var listed = (await mallory.GetAsync("/sessions")).Json.GetProperty("items").EnumerateArray().Select(session => session.GetProperty("id").GetString());
        Assert.Equal([mallory.SessionId], listed);

        (await alice.DeleteAsync("/sessions/" + phone.SessionId)).Expect(HttpStatusCode.OK);
        (await phone.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
        (await phone.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        (await alice.DeleteAsync("/sessions/" + phone.SessionId)).Expect(HttpStatusCode.NotFound, "not_found");
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        (await mallory.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    /// <summary>Somebody at another node with the same tokens.</summary>
    private static Actor Holding(TestApp node, Actor actor) => new(node) { AccessToken = actor.AccessToken, RefreshToken = actor.RefreshToken };

    private static byte[] Bytes(string base64Url) => Convert.FromBase64String(base64Url.Replace('-', '+').Replace('_', '/').PadRight((base64Url.Length + 3) / 4 * 4, '='));

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var all = new MemoryStream();
        file.CopyTo(all);
        return all.ToArray();
    }
}
