using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Admin;

/// <summary>What an administrator does to accounts, on the pages and without script.</summary>
public sealed class AdminUsersPagesTests
{
    private const string Users = "/admin/users";

    [Theory, OnSqlite, OnPostgres]
    public async Task Accounts_are_searched_filtered_and_paged(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var browser = await new PageActor(app).SignInAsync(await app.NewAdministratorAsync());
        var (alice, bob) = (await app.NewActor("alice").SignUpAsync(), await app.NewActor("bob").SignUpAsync());
        (await browser.PostAsync($"{Users}/{bob.Id}/disable")).Expect(HttpStatusCode.SeeOther);

        Assert.Equal((true, false), await SeenAsync("query=" + alice.Email[..6].ToUpperInvariant()));
        Assert.Equal((false, true), await SeenAsync($"query={bob.Id}"));
        Assert.Equal((false, true), await SeenAsync("status=disabled"));
        Assert.Equal((false, false), await SeenAsync("role=admin"));
        Assert.Contains("No account matches.", (await browser.GetAsync(Users + "?query=nobody-at-all")).Expect(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        (await browser.GetAsync(Users + "?status=happy")).Expect(HttpStatusCode.BadRequest);
        (await browser.GetAsync(Users + "?cursor=AAAA")).Expect(HttpStatusCode.BadRequest);

        var first = (await browser.GetAsync(Users + "?limit=1&query=example.org")).Expect(HttpStatusCode.OK);
        var older = System.Text.RegularExpressions.Regex.Match(first.Html, "href=\"([^\"]*cursor=[^\"]*)\"").Groups[1].Value;
        var second = (await browser.GetAsync(WebUtility.HtmlDecode(older) + "&limit=1")).Expect(HttpStatusCode.OK);
        Assert.Contains(bob.Email, first.Html, StringComparison.Ordinal);
        Assert.Contains(alice.Email, second.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(bob.Email, second.Html, StringComparison.Ordinal);

        async Task<(bool Alice, bool Bob)> SeenAsync(string query)
        {
            var page = (await browser.GetAsync($"{Users}?{query}")).Expect(HttpStatusCode.OK);
            return (page.Html.Contains(alice.Email, StringComparison.Ordinal), page.Html.Contains(bob.Email, StringComparison.Ordinal));
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task An_account_is_made_by_an_invitation_or_with_a_temporary_password(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var browser = await new PageActor(app).SignInAsync(await app.NewAdministratorAsync());
        var (carol, dora) = (app.NewActor("carol"), app.NewActor("dora"));
        var made = (await browser.PostAsync(Users, ("email", carol.Email), ("given_name", "Carol"))).Expect(HttpStatusCode.SeeOther);
        Assert.StartsWith(Users + "/", made.Location, StringComparison.Ordinal);
        Assert.Equal("The account was made, and an invitation is on its way.", (await browser.GetAsync(made.Location!)).Flash);
        Assert.Contains("/reset-password?token=", (await app.LastMailToAsync(carol.Email)).Links.Single(), StringComparison.Ordinal);

        Assert.NotNull((await browser.PostAsync(Users, ("email", carol.Email))).Expect(HttpStatusCode.Conflict).ErrorOf("email"));
        var refused = (await browser.PostAsync(Users, ("email", dora.Email), ("temporary_password", "password"))).Expect(HttpStatusCode.BadRequest);
        Assert.NotNull(refused.ErrorOf("temporary_password"));
        Assert.Equal((dora.Email, ""), (refused.ValueOf("email"), refused.ValueOf("temporary_password")));
        (await browser.PostAsync(Users, ("email", dora.Email), ("temporary_password", "amber kettle over moss"), ("roles", "admin"))).Expect(HttpStatusCode.SeeOther);
        (await dora.TrySignInAsync("amber kettle over moss")).Expect(HttpStatusCode.Forbidden, "password_change_required");
        Assert.Equal(["admin", "user"], await app.Database.QueryAsync<string>("SELECT role FROM account_roles r JOIN accounts a ON a.id = r.account_id WHERE a.email = @Email ORDER BY role", new { dora.Email }));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Every_act_on_the_page_of_an_account_does_what_it_says(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var browser = await new PageActor(app).SignInAsync(root);
        var carol = await (await app.NewActor("carol").SignUpAsync()).SignInAsync();
        var path = $"{Users}/{carol.Id}";
        var page = (await browser.GetAsync(path)).Expect(HttpStatusCode.OK);
        Assert.Contains(">not confirmed<", page.Html, StringComparison.Ordinal);
        Assert.Equal(carol.Email, page.ValueOf("email"));

        await ActAsync("confirm-address", "The address counts as confirmed.");
        Assert.DoesNotContain(">not confirmed<", (await browser.GetAsync(path)).Html, StringComparison.Ordinal);
        Assert.Contains("Nothing stands in the way of a sign-in.", (await browser.GetAsync(path)).Html, StringComparison.Ordinal);
        var tablet = await app.NewActor("tablet").As(carol).SignInAsync();
        await ActAsync("end-session", "The session has ended.", ("session", tablet.SessionId));
        (await tablet.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await carol.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        await ActAsync("end-session", "That session was over already.", ("session", tablet.SessionId));
        await ActAsync("sign-out", "All sessions of the account have ended.");
        (await carol.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        await ActAsync("disable", "The account is disabled, and its sessions have ended.");
        Assert.Contains("The account has been disabled since", (await browser.GetAsync(path)).Html, StringComparison.Ordinal);
        (await carol.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "account_disabled");
        await ActAsync("enable", "The account is enabled.");
        for (var guess = 0; guess < 11; guess++)
        {
            await app.NewActor("guesser").TrySignInAsync("not it " + guess, login: carol.Email);
        }

        Assert.Contains("Too many wrong passwords: sign-in is locked until", (await browser.GetAsync(path)).Html, StringComparison.Ordinal);
        await ActAsync("unlock", "Sign-in can be tried again at once.");
        Assert.DoesNotContain("Too many wrong passwords", (await browser.GetAsync(path)).Html, StringComparison.Ordinal);
        (await app.NewActor("guesser").TrySignInAsync(carol.Password, login: carol.Email)).Expect(HttpStatusCode.OK);
        await ActAsync("send-reset", "A mail with the next step is on its way to the owner.");
        Assert.Contains("/reset-password?token=", (await app.LastMailToAsync(carol.Email)).Links.Single(), StringComparison.Ordinal);
        await ActAsync("profile", "The account was changed.", ("email", carol.Email), ("username", "carol.q"), ("given_name", "Carol"), ("family_name", "Quince"));
        Assert.Contains("carol.q", (await browser.GetAsync(Users + "?query=quince")).Html, StringComparison.Ordinal);
        Assert.NotNull((await browser.PostAsync(path + "/profile", ("email", root.Email), ("username", "carol.q"))).Expect(HttpStatusCode.Conflict).ErrorOf("email"));
        await ActAsync("roles", "The roles were changed.", ("roles", "admin"));
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM account_roles WHERE role = 'admin' AND account_id = @Id", new { carol.Id }));
        await ActAsync("roles", "The roles were changed.");
        await ActAsync("temporary-password", "A temporary password is on its way to the owner by mail. All sessions have ended.");
        (await carol.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");

        Assert.NotNull((await browser.PostAsync(path + "/delete", ("confirm", root.Email))).Expect(HttpStatusCode.BadRequest).ErrorOf("confirm"));
        (await browser.GetAsync(path)).Expect(HttpStatusCode.OK);
        Assert.Equal(Users, (await browser.PostAsync(path + "/delete", ("confirm", carol.Email))).Expect(HttpStatusCode.SeeOther).Location);
        (await browser.GetAsync(path)).Expect(HttpStatusCode.NotFound);
        (await browser.PostAsync(path + "/disable")).Expect(HttpStatusCode.NotFound);

        async Task ActAsync(string act, string says, params (string, string)[] fields)
        {
            Assert.Equal(path, (await browser.PostAsync($"{path}/{act}", fields)).Expect(HttpStatusCode.SeeOther).Location);
            Assert.Equal(says, (await browser.GetAsync(path)).Flash);
        }
    }

    [Theory]
    [InlineData(false, "Nothing stands in the way of a sign-in.")]
    [InlineData(true, "The e-mail address is not confirmed.")]
    public async Task An_address_that_nobody_proved_stands_in_the_way_only_where_it_does(bool isDemanded, string says)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignUp:RequireVerifiedEmail", isDemanded ? "true" : "false"));
        var browser = await new PageActor(app).SignInAsync(await app.NewAdministratorAsync());
        var carol = await app.NewActor("carol").SignUpAsync();
        Assert.Contains(says, (await browser.GetAsync($"{Users}/{carol.Id}")).Expect(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        Assert.Equal(isDemanded ? HttpStatusCode.Forbidden : HttpStatusCode.OK, (await carol.TrySignInAsync()).Status);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_03_The_last_administrator_stays_one_on_the_pages_too(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var browser = await new PageActor(app).SignInAsync(root);
        var path = $"{Users}/{root.Id}";
        foreach (var (act, fields) in new (string, (string, string)[])[] { ("disable", []), ("roles", []), ("delete", [("confirm", root.Email)]) })
        {
            (await browser.PostAsync($"{path}/{act}", fields)).Expect(HttpStatusCode.SeeOther);
            Assert.Contains("last administrator", (await browser.GetAsync(path)).Expect(HttpStatusCode.OK).Flash, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM account_roles r JOIN accounts a ON a.id = r.account_id WHERE r.role = 'admin' AND a.disabled_at IS NULL"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_change_needs_a_recent_sign_in_and_comes_back_to_the_account(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var browser = await new PageActor(app).SignInAsync(await app.NewAdministratorAsync());
        var carol = await app.NewActor("carol").SignUpAsync();
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        (await browser.GetAsync($"{Users}/{carol.Id}")).Expect(HttpStatusCode.OK);
        var sent = (await browser.PostAsync($"{Users}/{carol.Id}/disable")).Expect(HttpStatusCode.SeeOther);
        Assert.Equal($"/account/confirm?return_url=%2Fadmin%2Fusers%2F{carol.Id}", sent.Location);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM accounts WHERE disabled_at IS NOT NULL"));
    }
}
