using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>The sign-in page tells and allows no more than the JSON door, and leads nowhere else.</summary>
public sealed class PagesSignInChecks
{
    private static readonly string[] Hostile =
    [
        "https://evil.example", "http://evil.example/", "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\t/evil.example",
        "/\n/evil.example", "/\r\n/evil.example", "\t//evil.example", " //evil.example", "/ /evil.example", "https:evil.example", "https:/evil.example", "http:\\\\evil.example", "javascript:alert(1)",
        "JaVaScRiPt:alert(1)", "data:text/html,hello", "vbscript:x", "mailto:a@example.org", "evil.example", "@evil.example", ".evil.example", "?next=//evil.example", "#//evil.example", "/%2f/evil.example",
        "/%2Fevil.example", "/%5cevil.example", "/%5C%5Cevil.example", "/..//evil.example", "/./\\evil.example", "/.//evil.example", "/%2e%2e//evil.example", "/a//evil.example", "/a/../..//evil.example",
        "//evil.example@127.0.0.1", "/\u2028/evil.example", "/\u3002evil.example", "／／evil.example", "//evil%E3%80%82example", "/a\r\nSet-Cookie: cardea=x", "/a%0d%0a\nX: y", "/<script>", "/\"onclick=\"x",
        "", "/" + new string('a', 2000),
    ];

    private static readonly string[] Good = ["/", "/account/profile", "/account/sessions?page=2&order=newest", "/verify-email?token=a-b_c", "/a,b;c=(d)!*'$", "/x?next=https:%2F%2Fhere.example"];

    [Fact]
    public async Task OA_16_After_sign_in_one_is_led_to_a_page_of_this_site_and_nowhere_else()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var alice = await app.NewActor("alice").SignUpAsync();
        Assert.True(Hostile.Length >= 33);
        var signedIn = await new PageActor(app).SignInAsync(alice);
        foreach (var (target, isGood) in Hostile.Select(target => (target, false)).Concat(Good.Select(target => (target, true))))
        {
            var browser = new PageActor(app);
            var shown = (await browser.GetAsync("/login?return_url=" + Uri.EscapeDataString(target))).Expect(HttpStatusCode.OK);
            Assert.True((isGood ? target : "") == shown.ValueOf("return_url"), target + shown.Html);
            var wrong = (await browser.TrySignInAsync(alice, "", ("return_url", target))).Expect(HttpStatusCode.BadRequest);
            Assert.True((isGood ? target : "") == wrong.ValueOf("return_url"), target + wrong.Html);
            var done = (await browser.TrySignInAsync(alice, null, ("return_url", target))).Expect(HttpStatusCode.SeeOther);
            Assert.Equal(isGood ? target : "/dashboard", done.Location);
            Assert.Equal(isGood ? target : "/dashboard", (await signedIn.GetAsync("/login?return_url=" + Uri.EscapeDataString(target))).Expect(HttpStatusCode.SeeOther).Location);
            Assert.Equal(isGood ? target : "/", (await browser.PostAsync("/language", ("language", "en"), ("return_url", target))).Expect(HttpStatusCode.SeeOther).Location);
            var twice = (await signedIn.PostAsync("/language", ("language", "en"), ("return_url", "/a"), ("return_url", target))).Expect(HttpStatusCode.SeeOther);
            Assert.True(twice.Location is ['/'] or ['/', not ('/' or '\\'), ..], twice.Location);
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task EN_01_EN_03_The_pages_show_every_account_as_they_show_none(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignUp:RequireVerifiedEmail", "true"));
        var known = await (await app.NewActor("known").SignUpAsync()).VerifyAsync();
        var unverified = await app.NewActor("unverified").SignUpAsync();
        var disabled = await (await app.NewActor("disabled").SignUpAsync()).VerifyAsync();
        await app.DisableAsync(disabled);
        var without = await app.NewActor("without").SignUpAsync();
        await app.ChangeAccountAsync(without, "password_hash = NULL");
        var stranger = app.NewActor("stranger");
        Actor[] all = [stranger, known, unverified, disabled, without];
        foreach (var path in new[] { "/forgot-password", "/verify-email/send" })
        {
            var field = path == "/forgot-password" ? "login" : "email";
            for (var round = 0; round < 5; round++)
            {
                var shown = new List<string>();
                foreach (var account in all)
                {
                    shown.Add(await ShownAsync(new PageActor(app), path, (field, account.Email)));
                }

                Assert.All(shown, one => Assert.Equal(shown[0], one));
            }
        }

        for (var failure = 0; failure < 11; failure++)
        {
            var shown = new List<string>();
            foreach (var account in all)
            {
                shown.Add((await ShownAsync(new PageActor(app), "/login", ("login", account.Email), ("password", "wrong " + failure))).Replace(account.Email, "(typed)", StringComparison.Ordinal));
            }

            Assert.StartsWith(failure < 10 ? "401" : "429", Assert.Single(shown.Distinct()), StringComparison.Ordinal);
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_01_Guesses_on_the_page_and_at_the_JSON_door_are_counted_together(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = app.NewActor("alice");
        alice.Username = "wonderland";
        await alice.SignUpAsync();
        var guesser = app.NewActor("guesser");
        for (var guess = 0; guess < 5; guess++)
        {
            (await guesser.TrySignInAsync("guess " + guess, login: alice.Email)).Expect(HttpStatusCode.Unauthorized);
            (await new PageActor(app).PostAsync("/login", ("login", guess % 2 == 0 ? " WonderLand " : alice.Email.ToUpperInvariant()), ("password", "guess " + guess))).Expect(HttpStatusCode.Unauthorized);
        }

        var refused = (await new PageActor(app).TrySignInAsync(alice)).Expect(HttpStatusCode.TooManyRequests);
        Assert.NotNull(refused.Answer.Header("Retry-After"));
        Assert.Equal(alice.Email, refused.ValueOf("login"));
        (await guesser.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.TooManyRequests, "too_many_requests");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_session_limit_holds_on_the_page_until_its_owner_says_otherwise(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Sessions:MaxPerAccount", "1"));
        var alice = await app.NewActor("alice").SignUpAsync();
        var first = await new PageActor(app).SignInAsync(alice);
        var second = new PageActor(app);
        (await second.TrySignInAsync(alice, "wrong", ("replace", "true"))).Expect(HttpStatusCode.Unauthorized);
        Assert.True(await first.IsSignedInAsync());
        var full = (await second.TrySignInAsync(alice)).Expect(HttpStatusCode.Conflict);
        Assert.Contains("name=\"replace\" value=\"true\"", full.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(alice.Password, full.Html, StringComparison.Ordinal);
        Assert.Null(second.Session);
        (await second.TrySignInAsync(alice, null, ("replace", "true"))).Expect(HttpStatusCode.SeeOther);
        Assert.True(await second.IsSignedInAsync());
        Assert.False(await first.IsSignedInAsync());
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Conflict, "session_active");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_10_The_token_that_follows_a_temporary_password_stands_in_no_address_and_no_page_and_works_once(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "temporary-password"));
        var alice = await app.NewActor("alice").SignUpAsync();
        var (browser, other) = (new PageActor(app), new PageActor(app));
        await browser.PostAsync("/forgot-password", ("login", alice.Email));
        var temporary = (await app.LastMailToAsync(alice.Email)).Code!;
        (string, string)[] fields = [("password", "copper window bridge seven"), ("password_again", "copper window bridge seven")];

        var signedIn = (await browser.TrySignInAsync(alice, temporary)).Expect(HttpStatusCode.SeeOther);
        Assert.Equal("/reset-password", signedIn.Location);
        Assert.Null(browser.Session);
        var shown = (await browser.GetAsync("/reset-password")).Expect(HttpStatusCode.OK);
        Assert.NotNull(shown.ValueOf("password_again"));
        Assert.Null(shown.ValueOf("token"));

        (await other.PostAsync("/reset-password", fields)).Expect(HttpStatusCode.BadRequest);
        var refused = (await browser.PostAsync("/reset-password", ("password", "short"), ("password_again", "short"))).Expect(HttpStatusCode.BadRequest);
        Assert.NotNull(refused.ErrorOf("password")); // and the form is still there
        var copy = browser.Copy();
        (await browser.PostAsync("/reset-password", fields)).Expect(HttpStatusCode.SeeOther);
        Assert.Null((await browser.GetAsync("/reset-password")).ValueOf("password"));
        (await copy.PostAsync("/reset-password", fields)).Expect(HttpStatusCode.BadRequest);
        Assert.Null((await copy.GetAsync("/reset-password")).ValueOf("password"));
        (await alice.TrySignInAsync("copper window bridge seven")).Expect(HttpStatusCode.OK);
    }

    private static readonly HashSet<string> NewInEveryAnswer = new(StringComparer.OrdinalIgnoreCase) { "X-Request-Id", "Date", "Set-Cookie", "Content-Length", "Retry-After" };

    /// <summary>All that the sender can see, without what is new in every answer.</summary>
    private static async Task<string> ShownAsync(PageActor browser, string path, params (string Name, string Value)[] fields)
    {
        var page = await browser.PostAsync(path, fields);
        var headers = page.Answer.Headers.Where(header => !NewInEveryAnswer.Contains(header.Key))
            .Select(header => $"{header.Key}: {string.Join(',', header.Value)}").Order();
        return $"{(int)page.Status} {string.Join('\n', headers)} {string.Join(',', page.SetCookies.Select(cookie => cookie.Name))} {page.Shown}";
    }
}
