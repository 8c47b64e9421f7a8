using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>A code asked for on a page is nothing but in the browser that asked; one asked for over JSON is bound to its address alone.</summary>
public sealed class CodeBindingChecks
{
    private const string NewPassword = "copper window bridge seven";
    private const string Binding = "cardea-asked-code";

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_08_A_reset_code_asked_for_on_a_page_works_in_that_browser_only(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        var alice = await app.NewActor("alice").SignUpAsync();
        var (browser, other, without) = (new PageActor(app), new PageActor(app), new PageActor(app));
        (await browser.PostAsync("/forgot-password", ("login", alice.Email))).Expect(HttpStatusCode.OK);
        var code = (await app.LastMailToAsync(alice.Email)).Code!;
        await other.PostAsync("/forgot-password", ("login", "nobody@example.org")); // a binding, and not that one

        await RefusedAsync(other.PostAsync("/reset-password", Reset(alice, code)));
        await RefusedAsync(without.PostAsync("/reset-password", Reset(alice, code)));
        (await alice.PostAsync("/password/reset", new { email = alice.Email, code, password = NewPassword })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await browser.PostAsync("/reset-password", Reset(alice, code))).Expect(HttpStatusCode.SeeOther);
        (await alice.TrySignInAsync(NewPassword)).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_08_A_reset_code_asked_for_over_JSON_works_over_JSON_and_on_a_page(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        var (alice, bob) = (await app.NewActor("alice").SignUpAsync(), await app.NewActor("bob").SignUpAsync());
        var codes = new List<string>();
        foreach (var account in new[] { alice, bob })
        {
            codes.Add((await OtTokenTests.ForgotAsync(app, account)).Code!);
        }

        (await app.NewActor().PostAsync("/password/reset", new { email = alice.Email, code = codes[0], password = NewPassword })).Expect(HttpStatusCode.OK);
        var asker = new PageActor(app);
        await asker.PostAsync("/forgot-password", ("login", "nobody@example.org"));
        (await asker.PostAsync("/reset-password", Reset(bob, codes[1]))).Expect(HttpStatusCode.SeeOther);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_08_The_code_of_a_sign_up_and_of_a_new_address_is_bound_as_well(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, browser, other) = (app.NewActor("alice"), new PageActor(app), new PageActor(app));
        (await browser.PostAsync("/register", ("email", alice.Email), ("password", alice.Password), ("password_again", alice.Password))).Expect(HttpStatusCode.SeeOther);
        await ConfirmHereOnlyAsync(app, browser, other, alice.Email);

        await browser.SignInAsync(alice);
        var newEmail = "new-" + alice.Email;
        (await browser.PostAsync("/account/email", ("email", newEmail))).Expect(HttpStatusCode.SeeOther);
        await ConfirmHereOnlyAsync(app, browser, other, newEmail);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_08_A_mail_asked_for_again_on_the_page_has_a_code_for_that_browser(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, browser) = (await app.NewActor("alice").SignUpAsync(), new PageActor(app));
        Assert.Null((await browser.GetAsync("/verify-email")).ValueOf("code"));
        var sent = (await browser.PostAsync("/verify-email/send", ("email", alice.Email))).Expect(HttpStatusCode.SeeOther);
        Assert.NotNull((await browser.GetAsync(sent.Location!)).ValueOf("code"));
        await ConfirmHereOnlyAsync(app, browser, new PageActor(app), alice.Email);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_08_One_browser_may_ask_for_two_codes_and_only_what_is_typed_in_it_uses_up_a_try(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        var (alice, bob, browser) = (await app.NewActor("alice").SignUpAsync(), await app.NewActor("bob").SignUpAsync(), new PageActor(app));
        await browser.PostAsync("/forgot-password", ("login", alice.Email));
        await browser.PostAsync("/forgot-password", ("login", bob.Email));
        var (toAlice, toBob) = ((await app.LastMailToAsync(alice.Email)).Code!, (await app.LastMailToAsync(bob.Email)).Code!);
        (await browser.PostAsync("/reset-password", Reset(alice, toAlice))).Expect(HttpStatusCode.SeeOther);

        for (var time = 0; time < 4; time++)
        {
            await RefusedAsync(new PageActor(app).PostAsync("/reset-password", Reset(bob, Mailed.Other(toBob))));
            await RefusedAsync(browser.PostAsync("/reset-password", Reset(bob, Mailed.Other(toBob))));
        }

        Assert.Equal(1, await TriesLeftAsync());
        await RefusedAsync(browser.PostAsync("/reset-password", Reset(bob, Mailed.Other(toBob))));
        await RefusedAsync(browser.PostAsync("/reset-password", Reset(bob, toBob)));
        Assert.Equal(0, await TriesLeftAsync());

        Task<long> TriesLeftAsync() => app.Database.ScalarAsync<long>("SELECT code_tries_left FROM one_time_secrets WHERE account_id = @Id AND purpose = 'reset-code'", new { bob.Id });
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_08_EN_01_Asking_for_nobody_looks_the_same_down_to_the_cookie(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        var alice = await app.NewActor("alice").SignUpAsync();
        foreach (var (path, field) in new[] { ("/forgot-password", "login"), ("/verify-email/send", "email") })
        {
            var answers = new List<Page>();
            foreach (var address in new[] { alice.Email, "nobody@example.org" })
            {
                answers.Add(await new PageActor(app).PostAsync(path, (field, address)));
            }

            Assert.All(answers, answer => Assert.Single(answer.SetCookies, cookie => cookie.Name == Binding));
            Assert.Equal(Seen(answers[0]), Seen(answers[1]));
        }

        static string Seen(Page page) => $"{page.Status} {page.Location} {string.Join(',', page.SetCookies.Select(cookie =>
            $"{cookie.Name} {cookie.Value.Length} {string.Join(' ', cookie.Attributes.Where(attribute => attribute.Key != "expires"))}"))} {page.Shown}";
    }

    [Fact]
    public async Task OT_08_The_binding_is_no_browsers_own_word()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("Recovery:Method", "code"));
        var (alice, browser) = (await app.NewActor("alice").SignUpAsync(), new PageActor(app));
        browser.Cookies[Binding] = "a-binding-of-my-own";
        await browser.PostAsync("/forgot-password", ("login", alice.Email));
        Assert.NotEqual("a-binding-of-my-own", browser.Cookies[Binding]);
        var code = (await app.LastMailToAsync(alice.Email)).Code!;
        var liar = new PageActor(app);
        liar.Cookies[Binding] = "a-binding-of-my-own";
        await RefusedAsync(liar.PostAsync("/reset-password", Reset(alice, code)));
        (await browser.PostAsync("/reset-password", Reset(alice, code))).Expect(HttpStatusCode.SeeOther);
    }

    private static async Task ConfirmHereOnlyAsync(TestApp app, PageActor browser, PageActor other, string email)
    {
        var code = (await app.LastMailToAsync(email)).Code!;
        await RefusedAsync(other.PostAsync("/verify-email", ("email", email), ("code", code)));
        (await app.NewActor().PostAsync("/verify/confirm", new { email, code })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await browser.PostAsync("/verify-email", ("email", email), ("code", code))).Expect(HttpStatusCode.SeeOther);
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT count(*) FROM accounts WHERE email = @email AND email_verified_at IS NOT NULL", new { email }));
    }

    private static (string, string)[] Reset(Actor account, string code) => [("email", account.Email), ("code", code), ("password", NewPassword), ("password_again", NewPassword)];

    private static async Task RefusedAsync(Task<Page> posting) =>
        Assert.Contains("This link or code is not valid", (await posting).Expect(HttpStatusCode.BadRequest).Html, StringComparison.Ordinal);
}
