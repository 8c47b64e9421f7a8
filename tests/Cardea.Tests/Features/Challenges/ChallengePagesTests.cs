using System.Globalization;
using System.Net;
using Cardea.Features.Challenges;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Challenges;

/// <summary>The proof of work on the pages, for a browser without script: who can't work waits, and is never shut out.</summary>
public sealed class ChallengePagesTests
{
    [Fact]
    public async Task Without_script_one_waits_a_quarter_of_a_minute_and_is_let_in_once()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "always"));
        var owner = await SignUpAsync(app, "alice@example.org");
        var browser = new PageActor(app);
        var refused = (await browser.TrySignInAsync(owner)).Expect(HttpStatusCode.Forbidden);
        Assert.Contains("One more step", refused.Html);
        Assert.DoesNotContain(owner.Password, refused.Html);
        Assert.InRange(int.Parse(refused.Answer.Header("Retry-After")!, CultureInfo.InvariantCulture), 14, 15);

        app.Clock.Advance(TimeSpan.FromSeconds(5));
        var impatient = (await browser.TrySignInAsync(owner)).Expect(HttpStatusCode.Forbidden);
        Assert.InRange(int.Parse(impatient.Answer.Header("Retry-After")!, CultureInfo.InvariantCulture), 9, 10); // it has not begun anew
        Assert.DoesNotContain(impatient.SetCookies, cookie => cookie.Name == "cardea-wait");
        (await browser.PostAsync("/forgot-password", ("login", owner.Email))).Expect(HttpStatusCode.Forbidden); // a place in this line and in no other

        var browserAgain = new PageActor(app);
        (await browserAgain.TrySignInAsync(owner)).Expect(HttpStatusCode.Forbidden);
        app.Clock.Advance(TimeSpan.FromSeconds(16));
        var copies = Enumerable.Range(0, 16).Select(_ => browserAgain.Copy()).ToList();
        var answers = await Race.RunAsync(16, number => copies[number].TrySignInAsync(owner, "not the password"));
        Assert.Single(answers, answer => answer.Status is HttpStatusCode.Unauthorized);
        Assert.Equal(15, answers.Count(answer => answer.Status is HttpStatusCode.Forbidden));
    }

    [Fact]
    public async Task Who_waited_signs_in_and_the_browser_is_known_from_then_on()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "always"));
        var owner = await SignUpAsync(app, "alice@example.org");
        var browser = new PageActor(app);
        (await browser.TrySignInAsync(owner)).Expect(HttpStatusCode.Forbidden);
        app.Clock.Advance(TimeSpan.FromSeconds(16));
        await browser.SignInAsync(owner);
        browser.Cookies.Remove(browser.SessionCookieName);
        await browser.SignInAsync(owner); // no work and no waiting
    }

    [Fact]
    public async Task Those_who_wait_in_one_network_are_so_many_in_a_minute_and_the_next_is_told_how_long()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "always"), ("TrustedProxies", "127.0.0.1"));
        for (var i = 0; i < 6; i++)
        {
            Assert.Contains((await TryAsync("198.51.100.1")).SetCookies, cookie => cookie.Name == "cardea-wait");
        }

        var late = (await TryAsync("198.51.100.1")).Expect(HttpStatusCode.Forbidden);
        Assert.DoesNotContain(late.SetCookies, cookie => cookie.Name == "cardea-wait");
        Assert.InRange(int.Parse(late.Answer.Header("Retry-After")!, CultureInfo.InvariantCulture), 1, 60);
        Assert.Contains((await TryAsync("198.51.100.2")).SetCookies, cookie => cookie.Name == "cardea-wait"); // others' traffic is theirs

        async Task<Page> TryAsync(string from)
        {
            var browser = new PageActor(app);
            return await browser.PostAsync(
                "/login", await browser.TokenAsync(), [("login", "alice@example.org"), ("password", "a wrong guess of somebody")], request => request.Headers.Add("X-Forwarded-For", from));
        }
    }

    [Fact]
    public async Task A_form_carries_the_solution_in_a_field_of_its_own_and_only_where_it_may_be_asked_for()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("SignIn:Challenge", "always"));
        var owner = await SignUpAsync(app, "alice@example.org");
        var browser = new PageActor(app);
        foreach (var (path, purpose) in new[] { ("/login", "sign-in"), ("/register", "sign-up"), ("/forgot-password", "mail"), ("/login/code", "mail"), ("/login/link", "mail"), ("/verify-email", "mail"), ("/reset-password?token=x", "reset") })
        {
            var html = (await browser.GetAsync(path)).Html;
            Assert.Contains($"name=\"_challenge\" data-work=\"{purpose}\"", html);
            Assert.Contains("challenges.js", html);
        }

        (await browser.PostAsync("/login", ("login", owner.Email), ("password", owner.Password), ("_challenge", await SolveAsync(app, "sign-in")))).Expect(HttpStatusCode.SeeOther);
        await using var calm = await TestApp.StartAsync(Engine.Sqlite);
        Assert.DoesNotContain("_challenge", (await new PageActor(calm).GetAsync("/login")).Html);
    }

    private static async Task<Actor> SignUpAsync(TestApp app, string email)
    {
        var actor = app.NewActor();
        actor.Email = email;
        (await actor.PostAsync("/auth/signup", new { email, password = actor.Password }, await SolveAsync(app, "sign-up"))).Expect(HttpStatusCode.Created);
        return actor;
    }

    private static async Task<string> SolveAsync(TestApp app, string purpose)
    {
        var challenge = (await app.NewActor().GetAsync("/auth/challenge?for=" + purpose)).Json.GetProperty("challenge");
        return WorkChallenges.Solve(challenge.GetProperty("value").GetString()!, challenge.GetProperty("bits").GetInt32());
    }
}
