using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Cardea.Tests.Security;

namespace Cardea.Tests.Features.Admin;

/// <summary>Viewing as somebody else from its beginning to its end, whatever ends it.</summary>
public sealed class ImpersonationTests
{
    private static readonly (string, string) On = ("Admin:Impersonation", "true");

    /// <summary>What ends a viewing, and whether the end itself leaves a row (otherwise it is over, and the row comes when it is cleared away).</summary>
    private static readonly Dictionary<string, (Func<TestApp, Actor, Actor, Task> HappenAsync, bool IsTold)> Ends = new()
    {
        ["the administrator signs out"] = ((_, root, _) => root.PostAsync("/auth/logout"), true),
        ["the administrator ends all other sessions elsewhere"] = (async (app, root, _) =>
        {
            var elsewhere = await app.NewActor().As(root).SignInAsync();
            (await elsewhere.DeleteAsync("/sessions")).Expect(HttpStatusCode.OK);
        }, true),
        ["the administrator is disabled"] = ((app, root, _) => app.CommandAsync("user", "disable", root.Email), true),
        ["the administrator is no more"] = ((app, root, _) => app.CommandAsync("user", "revoke", root.Email, "admin"), false),
        ["the administrator's account is deleted"] = (async (app, root, _) => (await root.DeleteAsync("/users/me", new { password = root.Password })).Expect(HttpStatusCode.OK), false),
        ["who is viewed becomes an administrator"] = ((app, _, alice) => app.CommandAsync("user", "grant", alice.Email, "admin"), false),
        ["who is viewed is disabled"] = ((app, _, alice) => app.CommandAsync("user", "disable", alice.Email), true),
        ["who is viewed ends all other sessions"] = (async (_, _, alice) => (await alice.DeleteAsync("/sessions")).Expect(HttpStatusCode.OK), true),
        ["half an hour passes"] = ((app, _, _) =>
        {
            app.Clock.Advance(TimeSpan.FromMinutes(30));
            return Task.CompletedTask;
        }, false),
    };

    public static TheoryData<Engine, string> All()
    {
        var all = new TheoryData<Engine, string>();
        foreach (var name in Ends.Keys)
        {
            all.Add(Engine.Sqlite, name);
            if (TestDatabase.PostgresServer is not null)
            {
                all.Add(Engine.Postgres, name);
            }
        }

        return all;
    }

    [Theory, MemberData(nameof(All))]
    public async Task AD_04_A_viewing_ends_when(Engine engine, string what)
    {
        await using var app = await TestApp.StartAsync(engine, On);
        await app.NewAdministratorAsync("stays");
        var root = await app.NewAdministratorAsync();
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var viewer = await ImpersonationChecks.ViewAsync(app, root, alice);
        (await viewer.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromSeconds(2));

        await Ends[what].HappenAsync(app, root, alice);

        await Within.OneSecondAsync(async () => (await viewer.GetAsync("/users/me")).Status is HttpStatusCode.Unauthorized);
        Assert.Equal(Ends[what].IsTold ? 1 : 0, await EndedAsync(app, root));
        app.Clock.Advance(TimeSpan.FromMinutes(31));
        await app.PurgeAsync();
        Assert.Equal(1, await EndedAsync(app, root)); // once, sooner or later, whatever it was
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM sessions WHERE actor_id IS NOT NULL"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_04_A_viewing_ends_when_the_setting_is_taken_back(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, On, ("PublicUrl", "http://localhost:8099"));
        var (root, alice) = (await app.NewAdministratorAsync(), await app.NewActor("alice").SignUpAsync());
        var viewer = await ImpersonationChecks.ViewAsync(app, root, alice);
        await using var off = await app.StartNodeAsync(("PublicUrl", "http://localhost:8099"));
        var there = off.NewActor();
        there.AccessToken = viewer.AccessToken;
        (await there.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await viewer.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_04_In_a_browser_the_own_session_comes_back_and_both_ends_are_written_down(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, On);
        var (root, alice) = (await app.NewAdministratorAsync(), await (await app.NewActor("alice").SignUpAsync()).SignInAsync());
        var browser = await new PageActor(app).SignInAsync(root);
        Assert.Contains("Begin to view", (await browser.GetAsync("/admin/users/" + alice.Id)).Expect(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Begin to view", (await browser.GetAsync("/admin/users/" + root.Id)).Expect(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        var stale = (await browser.GetAsync("/account/profile")).Token;
        var begun = (await browser.PostAsync($"/admin/users/{alice.Id}/view-as")).Expect(HttpStatusCode.SeeOther);
        var cookie = Assert.Single(begun.SetCookies);
        Assert.Equal(("cardea-viewing", "1800"), (cookie.Name, cookie.Attributes["Max-Age"]));
        Assert.True(cookie.Attributes.ContainsKey("HttpOnly") && cookie.Attributes["SameSite"].Equals("lax", StringComparison.OrdinalIgnoreCase));
        Assert.Contains($"You are viewing {alice.Email}.", WebUtility.HtmlDecode((await browser.GetAsync("/account/profile")).Expect(HttpStatusCode.OK).Html), StringComparison.Ordinal);

        // The viewing's cookie is nothing without the administrator's own, beside another's own, and as an own one.
        var thief = new PageActor(app);
        thief.Cookies[cookie.Name] = cookie.Value;
        Assert.False(await thief.IsSignedInAsync());
        thief.Cookies["cardea"] = cookie.Value;
        Assert.False(await thief.IsSignedInAsync());
        var mallory = await app.NewActor("mallory").SignUpAsync();
        var other = await new PageActor(app).SignInAsync(mallory);
        other.Cookies[cookie.Name] = cookie.Value;
        Assert.Contains(mallory.Email, (await other.GetAsync("/account/profile")).Html, StringComparison.Ordinal);

        // A form that was opened as oneself is not sent as somebody else.
        (await browser.PostAsync("/stop-viewing", stale, [])).Expect(HttpStatusCode.BadRequest);
        Assert.Contains("action=\"/stop-viewing\"", (await browser.GetAsync("/stop-viewing")).Expect(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        var stopped = (await browser.PostAsync("/stop-viewing")).Expect(HttpStatusCode.SeeOther);
        Assert.Equal("/admin/users/" + alice.Id, stopped.Location);
        Assert.False(browser.Cookies.ContainsKey("cardea-viewing"));
        var back = (await browser.GetAsync(stopped.Location!)).Expect(HttpStatusCode.OK);
        Assert.Equal("You are yourself again.", back.Flash);
        Assert.DoesNotContain("class=\"viewing\"", back.Html, StringComparison.Ordinal);
        browser.Cookies["cardea-viewing"] = cookie.Value; // it is over on the server too
        Assert.Contains(root.Email, (await browser.GetAsync("/account/profile")).Html, StringComparison.Ordinal);

        Assert.Equal(
            [("impersonation.began", root.Id!), ("impersonation.ended", root.Id!)],
            await app.Database.QueryAsync<(string, string)>("SELECT event, actor_id FROM audit_events WHERE account_id = @Id AND event LIKE 'impersonation.%' ORDER BY id", new { alice.Id }));
        Assert.Contains("An administrator began to view the account", (await (await new PageActor(app).SignInAsync(alice)).GetAsync("/account/sessions")).Html, StringComparison.Ordinal);
        (await app.CommandAsync("audit", "verify")).Worked();
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Who_signs_out_while_viewing_is_signed_out_and_the_owner_is_not(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, On, ("Sessions:MaxPerAccount", "1"));
        var (root, alice) = (await app.NewAdministratorAsync(), await (await app.NewActor("alice").SignUpAsync()).SignInAsync());
        (await root.PostAsync("/auth/logout")).Expect(HttpStatusCode.OK); // one session is all that there is room for
        var browser = await ImpersonationChecks.ViewInBrowserAsync(app, root, alice);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        (await browser.PostAsync("/logout")).Expect(HttpStatusCode.SeeOther);
        Assert.False(await browser.IsSignedInAsync());
        Assert.DoesNotContain(browser.Cookies.Keys, name => name is "cardea" or "cardea-viewing");
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        Assert.Equal(1, await EndedAsync(app, root));
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE account_id = @Id AND event = 'sign_out'", new { alice.Id }));
    }

    private static Task<long> EndedAsync(TestApp app, Actor root) =>
        app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_events WHERE event = 'impersonation.ended' AND actor_id = @Id", new { root.Id });
}
