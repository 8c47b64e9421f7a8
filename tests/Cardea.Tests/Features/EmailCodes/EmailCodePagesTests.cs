using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.EmailCodes;

/// <summary>The page on which a mailed code is asked for and typed.</summary>
public sealed class EmailCodePagesTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task OT_08_A_code_asked_for_on_a_page_works_in_that_browser_only(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).VerifyAsync();
        var (browser, other) = (new PageActor(app), new PageActor(app));
        Assert.Contains("href=\"/login/code\"", (await browser.GetAsync("/login")).Html, StringComparison.Ordinal);
        var sent = (await browser.PostAsync("/login/code/send", ("email", alice.Email))).Expect(HttpStatusCode.SeeOther);
        Assert.Equal("/login/code", sent.Location);
        var code = (await app.MailOfAsync(alice.Email, "Your code to sign in")).Code!;
        (await other.PostAsync("/login/code/send", ("email", alice.Email + "x"))).Expect(HttpStatusCode.SeeOther);
        (await new PageActor(app).PostAsync("/login/code", ("code", code))).Expect(HttpStatusCode.SeeOther); // to the beginning
        (await alice.TryCodeAsync(code)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        // Even with the cookie that tells for whom it was asked: it holds no binding.
        var thief = new PageActor(app);
        thief.Cookies["cardea-mailed-code"] = browser.Cookies["cardea-mailed-code"];
        (await thief.PostAsync("/login/code", ("code", code))).Expect(HttpStatusCode.Unauthorized);

        var page = await browser.GetAsync("/login/code");
        Assert.Contains("autocomplete=\"one-time-code\"", page.Html, StringComparison.Ordinal);
        Assert.Contains("inputmode=\"numeric\"", page.Html, StringComparison.Ordinal);
        var wrong = (await browser.PostAsync("/login/code", page.Token, [("code", Mailed.Other(code))])).Expect(HttpStatusCode.Unauthorized);
        Assert.Contains("This code is not right", wrong.Html, StringComparison.Ordinal);
        Assert.NotNull((await browser.PostAsync("/login/code", ("code", "12"))).Expect(HttpStatusCode.BadRequest).ErrorOf("code"));
        Assert.Equal("/dashboard", (await browser.PostAsync("/login/code", ("code", $" {code[..3]} {code[3..]} "))).Expect(HttpStatusCode.SeeOther).Location);
        Assert.True(await browser.IsSignedInAsync());
        Assert.DoesNotContain("cardea-mailed-code", browser.Cookies.Keys);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task It_leads_back_to_what_was_asked_for_and_to_no_other_site(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).VerifyAsync();
        foreach (var (wanted, reached) in new[] { ("/account/sessions", "/account/sessions"), ("https://evil.example/", "/dashboard") })
        {
            app.Clock.Advance(TimeSpan.FromHours(1));
            var browser = new PageActor(app);
            var page = await browser.GetAsync("/login/code?return_url=" + Uri.EscapeDataString(wanted));
            (await browser.PostAsync("/login/code/send", page.Token, [("email", alice.Email), ("return_url", page.ValueOf("return_url")!)])).Expect(HttpStatusCode.SeeOther);
            var code = (await app.MailOfAsync(alice.Email, "Your code to sign in")).Code!;
            Assert.Equal(reached, (await browser.PostAsync("/login/code", ("code", code))).Expect(HttpStatusCode.SeeOther).Location);
            Assert.Equal("/dashboard", (await browser.GetAsync("/login/code")).Expect(HttpStatusCode.SeeOther).Location);
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task EN_01_Asking_for_nobody_looks_the_same_down_to_the_cookies(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var nobody = new string('x', alice.Email.IndexOf('@', StringComparison.Ordinal)) + "@example.org";
        foreach (var path in new[] { "/login/code", "/login/link" })
        {
            var seen = new List<string>();
            foreach (var email in new[] { alice.Email, nobody })
            {
                var browser = new PageActor(app);
                var sent = await browser.PostAsync(path + "/send", ("email", email));
                var next = await browser.GetAsync(path);
                seen.Add($"{sent.Status} {sent.Location} {string.Join(',', sent.SetCookies.Select(cookie => $"{cookie.Name} {cookie.Value.Length}"))} {sent.Shown} {next.Shown}".Replace(email, "ADDRESS", StringComparison.Ordinal));
            }

            Assert.Equal(seen[0], seen[1]);
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Where_only_the_session_limit_stands_in_the_way_the_owner_ends_the_other_and_goes_on(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Sessions:MaxPerAccount", "1"));
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        var browser = new PageActor(app);
        (await browser.PostAsync("/login/code/send", ("email", alice.Email))).Expect(HttpStatusCode.SeeOther);
        var code = (await app.MailOfAsync(alice.Email, "Your code to sign in")).Code!;
        var full = (await browser.PostAsync("/login/code", ("code", code))).Expect(HttpStatusCode.Conflict);
        Assert.Equal(code, full.ValueOf("code"));
        Assert.Contains("name=\"replace\"", full.Html, StringComparison.Ordinal);
        (await browser.PostAsync("/login/code", full.Token, [("code", code), ("replace", "true")])).Expect(HttpStatusCode.SeeOther);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        Assert.True(await browser.IsSignedInAsync());

        var second = new PageActor(app);
        (await second.PostAsync("/login/link/send", ("email", alice.Email))).Expect(HttpStatusCode.OK);
        var token = (await app.MailOfAsync(alice.Email, "Your link to sign in")).Token;
        var taken = (await second.PostAsync("/login/link", ("token", token))).Expect(HttpStatusCode.Conflict);
        Assert.Contains("name=\"replace\"", taken.Html, StringComparison.Ordinal);
        (await second.PostAsync("/login/link", taken.Token, [("token", token), ("replace", "true")])).Expect(HttpStatusCode.SeeOther);
        Assert.True(await second.IsSignedInAsync());
    }

    [Fact]
    public async Task Without_mail_the_sign_in_page_offers_nothing_that_is_mailed()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("Mail:Transport", "none"));
        var page = await new PageActor(app).GetAsync("/login");
        Assert.DoesNotContain("/login/code", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("/login/link", page.Html, StringComparison.Ordinal);
        var fault = await Assert.ThrowsAnyAsync<Exception>(() => TestApp.StartAsync(Engine.Sqlite, ("Mail:Transport", "none"), ("SignIn:MailedCode", "always")));
        Assert.Contains("Cardea:SignIn:MailedCode", fault.Message, StringComparison.Ordinal);
    }
}
