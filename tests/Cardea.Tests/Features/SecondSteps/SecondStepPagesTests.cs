using System.Globalization;
using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Cardea.Tests.Security;

namespace Cardea.Tests.Features.SecondSteps;

/// <summary>The second step of a sign-in as a browser without script sees it.</summary>
public sealed class SecondStepPagesTests
{
    private const string StepPath = "/login/second-step";

    [Theory, OnSqlite, OnPostgres]
    public async Task The_second_step_is_a_page_and_its_token_is_in_no_address_and_no_page(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await WithAppAsync(app);
        var browser = new PageActor(app);
        var first = (await browser.TrySignInAsync(alice, null, ("return_url", "/account/profile"))).Expect(HttpStatusCode.SeeOther);
        Assert.Equal(StepPath, first.Location);
        Assert.Null(browser.Session);
        var cookie = first.SetCookies.Single(cookie => cookie.Name == "cardea-second-step");
        Assert.True(cookie.Attributes.ContainsKey("httponly"));

        var page = (await browser.GetAsync(StepPath)).Expect(HttpStatusCode.OK);
        Assert.Matches("""<input id="code" name="code" type="text"[^>]*autocomplete="one-time-code"[^>]*inputmode="numeric" """.TrimEnd(), page.Html);
        Assert.DoesNotContain(cookie.Value, page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("Sign out", page.Html, StringComparison.Ordinal); // who is halfway in is not in
        Assert.DoesNotMatch("[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])", System.Text.RegularExpressions.Regex.Replace(page.Html, "name=\"_token\" value=\"[^\"]+\"", ""));

        var wrong = (await browser.PostAsync(StepPath, ("method", "totp"), ("code", phone.WrongCode()), ("trust_device", "true"))).Expect(HttpStatusCode.Unauthorized);
        Assert.Equal("This code is not right, has been used or has expired.", wrong.ErrorOf("code"));
        Assert.Equal("", wrong.ValueOf("code"));
        Assert.Contains("name=\"trust_device\" value=\"true\" checked", wrong.Html, StringComparison.Ordinal);
        Assert.NotNull((await browser.PostAsync(StepPath, ("method", "totp"), ("code", " "))).Expect(HttpStatusCode.BadRequest).ErrorOf("code"));
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT failures FROM attempt_counters WHERE key LIKE 'factor:%'")); // nothing typed is no guess

        var done = (await browser.PostAsync(StepPath, ("method", "totp"), ("code", phone.NextCode()))).Expect(HttpStatusCode.SeeOther);
        Assert.Equal("/account/profile", done.Location);
        Assert.True(await browser.IsSignedInAsync());
        Assert.False(browser.Cookies.ContainsKey("cardea-second-step"));
        Assert.Equal("pwd otp mfa", await app.Database.ScalarAsync<string>("SELECT amr FROM sessions WHERE cookie_hash IS NOT NULL"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_recovery_code_is_a_link_away_and_a_code_too_late_leads_back_to_the_beginning(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await WithAppAsync(app);
        var browser = new PageActor(app);
        await browser.TrySignInAsync(alice);
        Assert.Contains($"href=\"{StepPath}?method=recovery_code\"", (await browser.GetAsync(StepPath)).Html, StringComparison.Ordinal);
        var page = (await browser.GetAsync(StepPath + "?method=recovery_code")).Expect(HttpStatusCode.OK);
        Assert.Equal("recovery_code", page.ValueOf("method"));
        (await browser.PostAsync(StepPath, ("method", "recovery_code"), ("code", phone.RecoveryCodes[0].ToUpperInvariant().Replace('-', ' ')))).Expect(HttpStatusCode.SeeOther);
        Assert.True(await browser.IsSignedInAsync());
        Assert.Contains("9", (await app.MailsToAsync(alice.Email)).First(mail => mail.Subject == "A recovery code was used").Text, StringComparison.Ordinal);

        var slow = new PageActor(app);
        await slow.TrySignInAsync(alice);
        app.Clock.Advance(TimeSpan.FromMinutes(10));
        var late = (await slow.PostAsync(StepPath, ("method", "totp"), ("code", phone.NextCode()))).Expect(HttpStatusCode.SeeOther);
        Assert.Equal("/login", late.Location);
        Assert.Contains("took too long", (await slow.GetAsync("/login")).Flash, StringComparison.Ordinal);
        Assert.Equal("/login", (await slow.GetAsync(StepPath)).Expect(HttpStatusCode.SeeOther).Location);
        Assert.Null(slow.Session);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Too_many_wrong_codes_say_how_long_to_wait_beside_the_field(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await WithAppAsync(app);
        var browser = new PageActor(app);
        await browser.TrySignInAsync(alice);
        var token = await browser.TokenAsync();
        for (var guess = 0; guess < 10; guess++)
        {
            (await browser.PostAsync(StepPath, token, [("method", "totp"), ("code", phone.WrongCode())])).Expect(HttpStatusCode.Unauthorized);
        }

        var refused = (await browser.PostAsync(StepPath, token, [("method", "totp"), ("code", phone.CodeAt(0))])).Expect(HttpStatusCode.TooManyRequests);
        Assert.Contains("15 minutes", refused.ErrorOf("code"), StringComparison.Ordinal);
        Assert.InRange(int.Parse(refused.Answer.Header("Retry-After")!, CultureInfo.InvariantCulture), 800, 900);
        (await browser.PostAsync(StepPath, token, [("method", "recovery_code"), ("code", phone.RecoveryCodes[3])])).Expect(HttpStatusCode.SeeOther);
        Assert.True(await browser.IsSignedInAsync());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Where_all_sessions_are_taken_one_click_goes_on_without_a_second_code(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Sessions:MaxPerAccount", "1"));
        var (alice, phone) = await WithAppAsync(app);
        var browser = new PageActor(app);
        await browser.TrySignInAsync(alice, null, ("return_url", "/account/profile"));
        var full = (await browser.PostAsync(StepPath, ("method", "totp"), ("code", phone.NextCode()), ("trust_device", "true"))).Expect(HttpStatusCode.Conflict);
        Assert.Null(full.ValueOf("code"));
        Assert.Equal("true", full.ValueOf("trust_device"));
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);

        // Another browser gets nothing of what was proved in this one.
        var other = new PageActor(app);
        Assert.Equal("/login", (await other.PostAsync(StepPath, ("replace", "true"))).Expect(HttpStatusCode.SeeOther).Location);
        Assert.Equal("/account/profile", (await browser.PostAsync(StepPath, ("replace", "true"), ("trust_device", "true"))).Expect(HttpStatusCode.SeeOther).Location);
        Assert.True(await browser.IsSignedInAsync());
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT count(*) FROM devices WHERE trusted_until IS NOT NULL"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_trusted_browser_is_listed_and_asked_again_when_its_owner_says_so(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await WithAppAsync(app);
        var browser = new PageActor(app);
        await browser.TrySignInAsync(alice);
        (await browser.PostAsync(StepPath, ("method", "totp"), ("code", phone.NextCode()), ("trust_device", "true"))).Expect(HttpStatusCode.SeeOther);
        await browser.PostAsync("/logout");
        Assert.Equal("/dashboard", (await browser.TrySignInAsync(alice)).Expect(HttpStatusCode.SeeOther).Location);

        var list = (await browser.GetAsync("/account/security/devices")).Expect(HttpStatusCode.OK);
        Assert.Contains("Firefox on Linux", list.Html, StringComparison.Ordinal);
        Assert.Contains("this device", list.Html, StringComparison.Ordinal);
        var mallory = await new PageActor(app).SignInAsync(await app.NewActor("mallory").SignUpAsync());
        await mallory.PostAsync("/account/security/devices/end", ("id", list.ValueOf("id")!));
        await mallory.PostAsync("/account/security/devices/end-all");
        await browser.PostAsync("/logout");
        await browser.SignInAsync(alice);

        (await browser.PostAsync("/account/security/devices/end", ("id", list.ValueOf("id")!))).Expect(HttpStatusCode.SeeOther);
        Assert.Equal("The device is asked for the second step again.", (await browser.GetAsync("/account/security/devices")).Flash);
        await browser.PostAsync("/logout");
        Assert.Equal(StepPath, (await browser.TrySignInAsync(alice)).Location);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Another_rooms_cookie_is_no_second_step_and_a_changed_one_is_none(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:RequireSecondFactor", "admins"));
        var (alice, phone) = await WithAppAsync(app);
        var bob = await app.NewActor("bob").SignUpAsync();
        await app.MakeAdminAsync(bob);
        var (step, setUp) = (new PageActor(app), new PageActor(app));
        await step.TrySignInAsync(alice);
        Assert.Equal("/login/set-up", (await setUp.TrySignInAsync(bob)).Location);

        var crossed = new PageActor(app);
        (crossed.Cookies["cardea-second-step"], crossed.Cookies["cardea-set-up"]) = (setUp.Cookies["cardea-set-up"], step.Cookies["cardea-second-step"]);
        Assert.Equal("/login", (await crossed.GetAsync(StepPath)).Expect(HttpStatusCode.SeeOther).Location);
        Assert.StartsWith("/login", (await crossed.GetAsync("/login/set-up")).Expect(HttpStatusCode.SeeOther).Location, StringComparison.Ordinal);
        crossed.Cookies["cardea"] = step.Cookies["cardea-second-step"];
        Assert.False(await crossed.IsSignedInAsync());

        var value = step.Cookies["cardea-second-step"];
        foreach (var place in new[] { 0, value.Length / 3, value.Length / 2, value.Length - 2 })
        {
            var changed = new PageActor(app);
            changed.Cookies["cardea-second-step"] = value[..place] + (value[place] == 'A' ? 'B' : 'A') + value[(place + 1)..];
            Assert.Equal("/login", (await changed.PostAsync(StepPath, ("method", "totp"), ("code", phone.CodeAt(0)))).Expect(HttpStatusCode.SeeOther).Location);
            Assert.Null(changed.Session);
        }
    }

    internal static async Task<(Actor Alice, Authenticator Phone)> WithAppAsync(TestApp app)
    {
        // Confirmed: of an account that never was, a mailed reset leaves no factor.
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        return (alice, await Authenticator.SetUpAsync(app, alice));
    }
}
