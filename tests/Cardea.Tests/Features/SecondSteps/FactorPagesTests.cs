using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Cardea.Tests.Security;

namespace Cardea.Tests.Features.SecondSteps;

/// <summary>Factors and recovery codes on the pages of an account, and of a sign-in that must set one up.</summary>
public sealed class FactorPagesTests
{
    private const string AppPath = "/account/security/authenticator";
    private const string CodesPath = "/account/security/recovery-codes";

    [Theory, OnSqlite, OnPostgres]
    public async Task An_app_is_set_up_on_a_page_and_its_secret_is_never_shown_again(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var browser = await new PageActor(app).SignInAsync(alice);
        Assert.Null((await browser.GetAsync(AppPath)).Expect(HttpStatusCode.OK).ValueOf("code"));
        var before = browser.Session;
        var phone = await Authenticator.SetUpAsync(app, browser);
        Assert.Equal(10, phone.RecoveryCodes.Distinct().Count());
        Assert.NotEqual(before, browser.Session); // SE-04: a cookie that was copied before is worth nothing after
        var copied = new PageActor(app);
        copied.Cookies["cardea"] = before!;
        Assert.False(await copied.IsSignedInAsync());

        var on = (await browser.GetAsync(AppPath)).Expect(HttpStatusCode.OK);
        Assert.DoesNotContain("<svg xmlns", on.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("otpauth:", on.Html, StringComparison.Ordinal);
        var security = WebUtility.HtmlDecode((await browser.GetAsync("/account/security")).Html);
        Assert.Contains("<small>On</small>", security, StringComparison.Ordinal);
        Assert.Contains("<small>10 left</small>", security, StringComparison.Ordinal);

        (await browser.PostAsync(AppPath)).Expect(HttpStatusCode.SeeOther); // one is enough
        Assert.Contains("already", (await browser.GetAsync(AppPath)).Flash, StringComparison.Ordinal);
        (await browser.PostAsync(AppPath + "/remove")).Expect(HttpStatusCode.SeeOther);
        Assert.Equal("The authenticator app was removed.", (await browser.GetAsync("/account/security")).Flash);
        Assert.Equal("/dashboard", (await new PageActor(app).TrySignInAsync(alice)).Location);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_secret_that_somebody_else_left_there_is_shown_to_and_confirmed_by_nobody_else(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var intruder = await app.NewActor("intruder").As(alice).SignInAsync();
        var planted = new Authenticator(app, (await intruder.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Created).Member("secret")!);

        var browser = await new PageActor(app).SignInAsync(alice);
        Assert.Null((await browser.GetAsync(AppPath)).Expect(HttpStatusCode.OK).ValueOf("code"));
        (await browser.PostAsync(AppPath + "/confirm", ("code", planted.NextCode()))).Expect(HttpStatusCode.SeeOther);
        Assert.Contains("begin again", (await browser.GetAsync(AppPath)).Flash, StringComparison.Ordinal);
        Assert.False(await app.Database.ScalarAsync<long>("SELECT has_second_factor FROM accounts WHERE id = @Id", new { alice.Id }) == 1);

        await Authenticator.SetUpAsync(app, browser);
        (await intruder.PostAsync("/users/me/totp/confirm", new { code = planted.NextCode() })).Expect(HttpStatusCode.Unauthorized); // its session ended with the first factor
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Recovery_codes_are_shown_until_they_are_kept_and_to_nobody_else(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var browser = await new PageActor(app).SignInAsync(alice);
        await Authenticator.SetUpAsync(app, browser);
        Assert.Equal(CodesPath + "/new", (await browser.PostAsync(CodesPath)).Expect(HttpStatusCode.SeeOther).Location);
        var shown = (await browser.GetAsync(CodesPath + "/new")).Expect(HttpStatusCode.OK);
        var codes = Authenticator.CodesOn(shown);
        Assert.Equal(10, codes.Count);

        var file = (await browser.PostAsync(CodesPath + "/new/download")).Expect(HttpStatusCode.OK).Answer;
        Assert.Equal("attachment; filename=\"recovery-codes.txt\"", file.Header("Content-Disposition"));
        Assert.StartsWith("text/plain", file.Header("Content-Type"), StringComparison.Ordinal);
        Assert.All(codes, code => Assert.Contains(code, file.Body, StringComparison.Ordinal));

        var mallory = await new PageActor(app).SignInAsync(await app.NewActor("mallory").SignUpAsync());
        mallory.Cookies["cardea-new-codes"] = browser.Cookies["cardea-new-codes"];
        Assert.Equal(CodesPath, (await mallory.GetAsync(CodesPath + "/new")).Expect(HttpStatusCode.SeeOther).Location);
        Assert.DoesNotContain(codes[0], (await mallory.PostAsync(CodesPath + "/new/download")).Html, StringComparison.Ordinal);

        (await browser.PostAsync(CodesPath + "/new/kept")).Expect(HttpStatusCode.SeeOther);
        Assert.Equal(CodesPath, (await browser.GetAsync(CodesPath + "/new")).Expect(HttpStatusCode.SeeOther).Location);
        Assert.DoesNotContain(codes[0], (await browser.GetAsync(CodesPath)).Html, StringComparison.Ordinal);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Who_must_set_up_a_factor_does_so_on_pages_and_ends_where_the_sign_in_was_to_go(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:RequireSecondFactor", "everyone"));
        var alice = await app.NewActor("alice").SignUpAsync();
        var browser = new PageActor(app);
        Assert.Equal("/login/set-up", (await browser.TrySignInAsync(alice, null, ("return_url", "/account/profile"))).Expect(HttpStatusCode.SeeOther).Location);
        var page = (await browser.GetAsync("/login/set-up")).Expect(HttpStatusCode.OK);
        Assert.Contains($"href=\"{AppPath}\"", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Sign out", page.Html, StringComparison.Ordinal);
        // Another language is the same page, also for who is halfway in.
        Assert.Equal("/login/set-up", (await browser.PostAsync("/language", page.Token, [("language", "de"), ("return_url", "/login/set-up")])).Expect(HttpStatusCode.SeeOther).Location);
        Assert.Contains("zweiten Schritt", (await browser.GetAsync("/login/set-up")).Html, StringComparison.Ordinal);

        var phone = await Authenticator.SetUpAsync(app, browser, keep: false);
        Assert.Equal(10, phone.RecoveryCodes.Count);
        Assert.True(await browser.IsSignedInAsync());
        Assert.False(browser.Cookies.ContainsKey("cardea-set-up"));
        Assert.Equal("/account/profile", (await browser.PostAsync(CodesPath + "/new/kept")).Expect(HttpStatusCode.SeeOther).Location);
        Assert.Equal("pwd otp mfa", await app.Database.ScalarAsync<string>("SELECT amr FROM sessions"));
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM pending_sign_ins"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_set_up_at_sign_in_shows_the_codes_also_where_all_sessions_are_taken_or_the_password_must_change(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:RequireSecondFactor", "admins"), ("Sessions:MaxPerAccount", "1"));
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        await app.MakeAdminAsync(alice);
        var browser = new PageActor(app);
        await browser.TrySignInAsync(alice, null, ("return_url", "/account/profile"));
        var phone = await Authenticator.SetUpAsync(app, browser, keep: false);
        Assert.Equal(10, phone.RecoveryCodes.Count);
        Assert.True(await browser.IsSignedInAsync()); // the first factor ended the session that had never proved it

        var bob = await app.NewActor("bob").SignUpAsync();
        await app.MakeAdminAsync(bob);
        await app.ChangeAccountAsync(bob, "password_change_required = 1");
        var second = new PageActor(app);
        Assert.Equal("/login/set-up", (await second.TrySignInAsync(bob)).Location);
        Assert.Equal(10, (await Authenticator.SetUpAsync(app, second, keep: false)).RecoveryCodes.Count);
        Assert.Equal("/reset-password", (await second.PostAsync(CodesPath + "/new/kept")).Expect(HttpStatusCode.SeeOther).Location);
        Assert.Null(second.Session);
        (await second.PostAsync("/reset-password", ("password", "brass otter window seven"), ("password_again", "brass otter window seven"))).Expect(HttpStatusCode.SeeOther);
        Assert.Equal("/login/second-step", (await second.TrySignInAsync(bob, "brass otter window seven")).Location);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_09_A_page_that_changes_the_sign_in_asks_first_and_comes_back(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var browser = await new PageActor(app).SignInAsync(alice);
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        var asked = (await browser.GetAsync(AppPath)).Expect(HttpStatusCode.SeeOther).Location!;
        Assert.Equal("/account/confirm?return_url=%2Faccount%2Fsecurity%2Fauthenticator", asked);
        Assert.Equal(asked, (await browser.PostAsync(AppPath)).Expect(HttpStatusCode.SeeOther).Location);
        var page = (await browser.GetAsync(asked)).Expect(HttpStatusCode.OK);
        Assert.Equal(("", AppPath), (page.ValueOf("password"), page.ValueOf("return_url")));
        (await browser.PostAsync("/account/confirm", ("password", "not the password"), ("return_url", AppPath))).Expect(HttpStatusCode.Forbidden);
        var before = browser.Session;
        Assert.Equal(AppPath, (await browser.PostAsync("/account/confirm", ("password", alice.Password), ("return_url", AppPath))).Expect(HttpStatusCode.SeeOther).Location);
        Assert.NotEqual(before, browser.Session); // SE-04
        var copied = new PageActor(app);
        copied.Cookies["cardea"] = before!;
        Assert.False(await copied.IsSignedInAsync());
        var phone = await Authenticator.SetUpAsync(app, browser);

        // Where a factor is set up the password is not even asked for, and opens nothing.
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        asked = (await browser.PostAsync(AppPath + "/remove")).Expect(HttpStatusCode.SeeOther).Location!;
        Assert.Null((await browser.GetAsync(asked)).Expect(HttpStatusCode.OK).ValueOf("password"));
        (await browser.PostAsync("/account/confirm", ("password", alice.Password))).Expect(HttpStatusCode.BadRequest);
        Assert.Equal(asked, (await browser.PostAsync(AppPath + "/remove")).Location);
        Assert.NotNull((await browser.PostAsync("/account/confirm", ("method", "totp"), ("code", phone.WrongCode()))).Expect(HttpStatusCode.Unauthorized).ErrorOf("code"));
        Assert.Equal("/account/security", (await browser.PostAsync("/account/confirm", ("method", "recovery_code"), ("code", phone.RecoveryCodes[0]), ("return_url", "//evil.example"))).Expect(HttpStatusCode.SeeOther).Location);
        (await browser.PostAsync(AppPath + "/remove")).Expect(HttpStatusCode.SeeOther);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT has_second_factor FROM accounts WHERE id = @Id", new { alice.Id }));
        Assert.Equal("/account/security", (await browser.GetAsync("/account/confirm")).Expect(HttpStatusCode.SeeOther).Location); // not due: not asked
    }
}
