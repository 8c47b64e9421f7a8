using System.Globalization;
using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Guesses at codes that reset a password or prove an address: strangers use up nothing of the owner's, and get no further by asking for more codes.</summary>
public sealed class MailedCodeGuessChecks
{
    private const string NewPassword = "copper window bridge seven";

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_08_BF_05_What_strangers_type_uses_up_no_try_of_a_code_that_a_browser_asked_for(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        var (alice, browser, other, bob) = (app.NewActor("alice"), new PageActor(app), new PageActor(app), await app.NewActor("bob").SignUpAsync());
        await other.PostAsync("/forgot-password", ("login", bob.Email)); // has a binding, and not that one

        (await browser.PostAsync("/register", ("email", alice.Email), ("password", alice.Password), ("password_again", alice.Password))).Expect(HttpStatusCode.SeeOther);
        await GuessAsync("/verify/confirm", "/verify-email", alice.Email);
        (await browser.PostAsync("/verify-email", ("email", alice.Email), ("code", await CodeAsync(app, alice.Email)))).Expect(HttpStatusCode.SeeOther);

        await browser.SignInAsync(alice);
        var newEmail = "new-" + alice.Email;
        (await browser.PostAsync("/account/email", ("email", newEmail))).Expect(HttpStatusCode.SeeOther);
        await GuessAsync("/verify/confirm", "/verify-email", newEmail);
        (await browser.PostAsync("/verify-email", ("email", newEmail), ("code", await CodeAsync(app, newEmail)))).Expect(HttpStatusCode.SeeOther);
        alice.Email = newEmail;

        await browser.PostAsync("/forgot-password", ("login", alice.Email));
        await GuessAsync("/password/reset", "/reset-password", alice.Email);
        (await browser.PostAsync("/reset-password", Reset(alice.Email, await CodeAsync(app, alice.Email)))).Expect(HttpStatusCode.SeeOther);
        (await alice.TrySignInAsync(NewPassword)).Expect(HttpStatusCode.OK);

        // More than a code has tries, and more than the strangers have.
        async Task GuessAsync(string json, string page, string email)
        {
            var wrong = Mailed.Other(await CodeAsync(app, email));
            var last = HttpStatusCode.OK;
            for (var guess = 0; guess < 45; guess++)
            {
                object body = json == "/password/reset" ? new { email, code = wrong, password = NewPassword } : new { email, code = wrong };
                last = (await app.NewActor("mallory").PostAsync(json, body)).Status;
                if (guess < 6)
                {
                    Assert.Equal(HttpStatusCode.BadRequest, last);
                    (await other.PostAsync(page, Reset(email, wrong))).Expect(HttpStatusCode.BadRequest);
                }
            }

            Assert.Equal(HttpStatusCode.TooManyRequests, last);
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_04_EN_01_Guesses_over_many_mailed_codes_come_to_an_end_and_nobody_looks_like_somebody(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed, ("Recovery:Method", "code"));
        using var stranger = new Stranger(app);
        var alice = await app.NewActor("alice").SignUpAsync();
        var seen = new Dictionary<string, List<string>> { [alice.Email] = [], ["nobody@example.org"] = [] };
        for (var day = 0; day < 6; day++)
        {
            for (var time = 0; time < 3; time++)
            {
                foreach (var (email, answers) in seen)
                {
                    (await stranger.SendAsync("POST", "/password/forgot", $"{{\"email\":\"{email}\"}}")).Expect(HttpStatusCode.Accepted);
                    await app.PumpAsync();
                    for (var guess = 0; guess < 5; guess++)
                    {
                        var answer = await stranger.SendAsync("POST", "/password/reset", $"{{\"email\":\"{email}\",\"code\":\"12345{guess}\",\"password\":\"{NewPassword}\"}}");
                        answers.Add($"{(int)answer.Status} {answer.Code} {answer.Header("Retry-After")?.Length}");
                    }
                }

                app.Clock.Advance(TimeSpan.FromHours(2));
            }

            app.Clock.Advance(TimeSpan.FromHours(18));
        }

        Assert.Equal(seen[alice.Email], seen["nobody@example.org"]);
        // 90 were offered: forty are free, then the pauses grow to a day.
        Assert.InRange(seen[alice.Email].Count(answer => answer.StartsWith("400 invalid_token", StringComparison.Ordinal)), 40, 60);
        Assert.All(seen[alice.Email], answer => Assert.True(answer.StartsWith("400 invalid_token", StringComparison.Ordinal) || answer is "429 too_many_requests 3" or "429 too_many_requests 4" or "429 too_many_requests 5", answer));
        var told = await app.Database.ScalarAsync<long>("SELECT count(*) FROM audit_events WHERE account_id = @Id AND event = 'password.reset_throttled'", new { alice.Id });
        Assert.InRange(told, 1, 20);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_04_Browsers_that_cost_nothing_get_one_try_a_code_once_ten_were_wrong_and_the_owner_gets_in(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        var alice = await app.NewActor("alice").SignUpAsync();
        for (var round = 0; round < 2; round++)
        {
            var mallory = await AskAsync(app, alice);
            var wrong = Mailed.Other(await CodeAsync(app, alice.Email));
            for (var guess = 0; guess < 5; guess++)
            {
                (await mallory.PostAsync("/reset-password", Reset(alice.Email, wrong))).Expect(HttpStatusCode.BadRequest);
            }
        }

        var clumsy = await AskAsync(app, alice);
        var code = await CodeAsync(app, alice.Email);
        (await clumsy.PostAsync("/reset-password", Reset(alice.Email, Mailed.Other(code)))).Expect(HttpStatusCode.BadRequest);
        (await clumsy.PostAsync("/reset-password", Reset(alice.Email, code))).Expect(HttpStatusCode.BadRequest); // the try is used up

        app.Clock.Advance(TimeSpan.FromMinutes(61));
        var careful = await AskAsync(app, alice);
        (await careful.PostAsync("/reset-password", Reset(alice.Email, await CodeAsync(app, alice.Email)))).Expect(HttpStatusCode.SeeOther);

        // Only what was wrong in a row counts.
        var again = await AskAsync(app, alice);
        code = await CodeAsync(app, alice.Email);
        for (var guess = 0; guess < 4; guess++)
        {
            (await again.PostAsync("/reset-password", Reset(alice.Email, Mailed.Other(code)))).Expect(HttpStatusCode.BadRequest);
        }

        (await again.PostAsync("/reset-password", Reset(alice.Email, code))).Expect(HttpStatusCode.SeeOther);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_05_Where_guesses_at_a_verification_code_are_turned_away_the_link_and_known_people_go_on(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        var (alice, mallory) = (await app.NewActor("alice").SignUpAsync(), app.NewActor("mallory"));
        foreach (var email in new[] { alice.Email, "nobody@example.org" })
        {
            var answers = new List<Answer>();
            for (var guess = 0; guess < 42; guess++)
            {
                answers.Add(await mallory.PostAsync("/verify/confirm", new { email, code = guess.ToString("D6", CultureInfo.InvariantCulture) }));
            }

            Assert.All(answers.Take(40), answer => answer.Expect(HttpStatusCode.BadRequest, "invalid_token"));
            Assert.All(answers.Skip(40), answer => Assert.InRange(int.Parse(answer.Expect(HttpStatusCode.TooManyRequests, "too_many_requests").Header("Retry-After")!, CultureInfo.InvariantCulture), 800, 900));
        }

        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT count(*) FROM audit_events WHERE account_id = @Id AND event = 'account.verification_throttled'", new { alice.Id }));
        await alice.VerifyAsync();
        await alice.SignInAsync();

        // Of a reset, a device that has signed in before has tries of its own.
        (await alice.PostAsync("/password/forgot", new { email = alice.Email })).Expect(HttpStatusCode.Accepted);
        var code = await CodeAsync(app, alice.Email);
        await app.Database.ExecuteAsync("UPDATE one_time_secrets SET code_tries_left = 100");
        for (var guess = 0; guess < 40; guess++)
        {
            (await mallory.PostAsync("/password/reset", new { email = alice.Email, code = Mailed.Other(code), password = NewPassword })).Expect(HttpStatusCode.BadRequest);
        }

        (await mallory.PostAsync("/password/reset", new { email = alice.Email, code, password = NewPassword })).Expect(HttpStatusCode.TooManyRequests);
        (await alice.PostAsync("/password/reset", new { email = alice.Email, code, password = NewPassword })).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_04_To_change_a_password_begins_no_count_of_guesses_at_mailed_codes_anew(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        // Whoever made an account with another's address knows its password, and guesses at what is mailed to the other.
        var (maker, elsewhere) = (await (await app.NewActor("maker").SignUpAsync()).SignInAsync(), app.NewActor("elsewhere"));
        for (var guess = 0; guess < 10; guess++)
        {
            (await elsewhere.TryCodeAsync("123456", maker.Email)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        }

        (await maker.PostAsync("/password/change", new { current_password = maker.Password, new_password = NewPassword })).Expect(HttpStatusCode.OK);
        (await elsewhere.TryCodeAsync("123456", maker.Email)).Expect(HttpStatusCode.TooManyRequests);

        var token = (await OtTokenTests.ForgotAsync(app, maker)).Token;
        (await maker.PostAsync("/password/reset", new { token, password = "seven maple kettles sing" })).Expect(HttpStatusCode.OK);
        (await elsewhere.TryCodeAsync("123456", maker.Email)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
    }

    private static async Task<PageActor> AskAsync(TestApp app, Actor account)
    {
        var browser = new PageActor(app);
        (await browser.PostAsync("/forgot-password", ("login", account.Email))).Expect(HttpStatusCode.OK);
        return browser;
    }

    /// <summary>The newest code that was mailed.</summary>
    private static async Task<string> CodeAsync(TestApp app, string email) => (await app.MailsToAsync(email)).First(mail => mail.Code is not null).Code!;

    private static (string, string)[] Reset(string email, string code) => [("email", email), ("code", code), ("password", NewPassword), ("password_again", NewPassword)];
}
