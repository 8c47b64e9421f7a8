using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Objections;

/// <summary>"Somebody signed in to your account", and the link for whom it wasn't.</summary>
public sealed class SignInObjectionTests
{
    private const string Notice = "New sign-in to your account";
    private const string NewPassword = "copper window bridge seven";

    [Theory, OnSqlite, OnPostgres]
    public async Task One_click_signs_the_stranger_out_makes_the_password_worthless_and_leads_to_a_new_one(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        var (thief, second) = (await StrangerAsync(app, alice), app.NewActor());
        var browser = new PageActor(app);
        var mail = await app.MailOfAsync(alice.Email, Notice);
        Assert.Contains("127.0.0.1", mail.Text, StringComparison.Ordinal);
        foreach (var (name, value) in thief.Cookies.GetAllCookies().Select(cookie => (cookie.Name, cookie.Value)))
        {
            second.Cookies.Add(app.Address, new Cookie(name, value)); // the same device
        }

        second.Email = alice.Email;
        await second.SignInAsync();

        var page = await OpenAsync(browser, mail);
        Assert.Contains("127.0.0.1", page.Html, StringComparison.Ordinal);
        (await thief.GetAsync("/users/me")).Expect(HttpStatusCode.OK); // opening did nothing
        var done = (await browser.PostAsync("/not-me", page.Token, [("token", mail.Token)])).Expect(HttpStatusCode.SeeOther);
        Assert.Equal("/reset-password", done.Location);

        foreach (var stranger in new[] { thief, second })
        {
            (await stranger.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
            (await stranger.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized);
        }

        // The password opens nothing, not even the way to a new one; the owner's own session goes on until that is set.
        var refused = (await thief.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        Assert.DoesNotContain("token", refused.Body, StringComparison.Ordinal);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM devices WHERE account_id = @Id AND id NOT IN (SELECT device_id FROM sessions)", new { alice.Id }));

        var reset = (await browser.GetAsync("/reset-password")).Expect(HttpStatusCode.OK);
        Assert.Contains("works no more", reset.Flash, StringComparison.Ordinal);
        (await browser.PostAsync("/reset-password", reset.Token, [("password", NewPassword), ("password_again", NewPassword)])).Expect(HttpStatusCode.SeeOther);
        (await alice.TrySignInAsync(NewPassword)).Expect(HttpStatusCode.OK);
        Assert.Equal(1, await app.CountMailsAsync(alice.Email, "We have signed out the device that was not yours"));
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT count(*) FROM audit_events WHERE event = 'sign_in.disowned' AND account_id = @Id", new { alice.Id }));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task It_works_when_the_session_is_gone_and_a_second_click_takes_nothing_more(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        var thief = await StrangerAsync(app, alice);
        var mail = await app.MailOfAsync(alice.Email, Notice);
        (await thief.PostAsync("/auth/logout")).Expect(HttpStatusCode.OK);
        var browser = new PageActor(app);
        Assert.Equal("/reset-password", (await browser.PostAsync("/not-me", ("token", mail.Token))).Expect(HttpStatusCode.SeeOther).Location);
        (await thief.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");

        // The page was closed before: the link leads there again, elsewhere too, and the older token is void.
        var other = new PageActor(app);
        Assert.Equal("/reset-password", (await other.PostAsync("/not-me", ("token", mail.Token))).Expect(HttpStatusCode.SeeOther).Location);
        (await browser.PostAsync("/reset-password", ("password", "seven maple kettles sing"), ("password_again", "seven maple kettles sing"))).Expect(HttpStatusCode.BadRequest);
        (await other.PostAsync("/reset-password", ("password", NewPassword), ("password_again", NewPassword))).Expect(HttpStatusCode.SeeOther);

        // Now there is a new password, and the link is no way to another.
        Assert.Equal("/login", (await other.PostAsync("/not-me", ("token", mail.Token))).Expect(HttpStatusCode.SeeOther).Location);
        (await alice.TrySignInAsync(NewPassword)).Expect(HttpStatusCode.OK);
        (await other.PostAsync("/reset-password", ("password", "seven maple kettles sing"), ("password_again", "seven maple kettles sing"))).Expect(HttpStatusCode.BadRequest);
        Assert.Equal(1, await app.CountMailsAsync(alice.Email, "We have signed out the device that was not yours"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Of_16_clicks_at_once_one_takes_the_password_and_all_end_well(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        await StrangerAsync(app, alice);
        var token = (await app.MailOfAsync(alice.Email, Notice)).Token;
        var browser = new PageActor(app);
        var form = await browser.TokenAsync();
        var answers = await Race.RunAsync(16, _ => browser.Copy().PostAsync("/not-me", form, [("token", token)]));
        Assert.All(answers, answer => Assert.Equal("/reset-password", answer.Expect(HttpStatusCode.SeeOther).Location));
        Assert.Equal(1, await app.CountMailsAsync(alice.Email, "We have signed out the device that was not yours"));
        Assert.Null(await app.Database.ScalarAsync<string?>("SELECT password_hash FROM accounts"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Several_notices_live_at_once_each_for_its_own_device_and_for_a_week(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:NotifyByMail", "always"));
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        var own = await app.MailOfAsync(alice.Email, Notice);
        var thief = await StrangerAsync(app, alice);
        var other = await app.MailOfAsync(alice.Email, Notice);
        app.Clock.Advance(TimeSpan.FromDays(6));
        var browser = new PageActor(app);
        (await browser.PostAsync("/not-me", ("token", other.Token))).Expect(HttpStatusCode.SeeOther);
        (await thief.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized);
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);

        app.Clock.Advance(TimeSpan.FromDays(1) + TimeSpan.FromMinutes(1));
        (await browser.PostAsync("/not-me", ("token", own.Token))).Expect(HttpStatusCode.BadRequest);
        Assert.Contains("not valid any more", (await browser.GetAsync("/not-me?token=" + own.Token)).Html, StringComparison.Ordinal);
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sign_in_notices WHERE answered_at IS NOT NULL AND session_id = @SessionId", new { alice.SessionId }));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task An_account_without_a_password_is_rid_of_the_stranger_and_asked_for_none(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        (await alice.TryCodeAsync(await app.CodeAsync(alice))).Expect(HttpStatusCode.OK); // an address that proves itself takes the password with it
        var thief = app.NewActor("thief");
        thief.AccessToken = (await thief.TryLinkAsync(await app.LinkAsync(alice))).Expect(HttpStatusCode.OK).Member("access_token");
        var mail = await app.MailOfAsync(alice.Email, Notice);
        var browser = new PageActor(app);
        for (var time = 0; time < 2; time++)
        {
            Assert.Equal("/login", (await browser.PostAsync("/not-me", ("token", mail.Token))).Expect(HttpStatusCode.SeeOther).Location);
        }

        (await thief.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await browser.PostAsync("/reset-password", ("password", NewPassword), ("password_again", NewPassword))).Expect(HttpStatusCode.BadRequest);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_mailbox_that_the_account_has_left_can_say_nothing_about_its_sign_ins(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        await StrangerAsync(app, alice);
        var mail = await app.MailOfAsync(alice.Email, Notice);
        var newEmail = "new-" + alice.Email;
        (await alice.PatchAsync("/users/me", new { email = newEmail })).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/verify/confirm", new { token = (await app.LastMailToAsync(newEmail)).Token })).Expect(HttpStatusCode.OK);
        (await new PageActor(app).PostAsync("/not-me", ("token", mail.Token))).Expect(HttpStatusCode.BadRequest);
        (await alice.TrySignInAsync(login: newEmail)).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_06_The_second_factor_is_still_asked_for_after_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:NotifyByMail", "always"));
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        var phone = await Authenticator.SetUpAsync(app, alice);
        var browser = new PageActor(app);
        (await browser.PostAsync("/not-me", ("token", (await app.MailOfAsync(alice.Email, Notice)).Token))).Expect(HttpStatusCode.SeeOther);
        (await browser.PostAsync("/reset-password", ("password", NewPassword), ("password_again", NewPassword))).Expect(HttpStatusCode.SeeOther);
        Assert.Null(browser.Session);
        var first = (await alice.TrySignInAsync(NewPassword)).Expect(HttpStatusCode.Forbidden, "mfa_required");
        (await alice.TrySecondStepAsync(first, "totp", phone.NextCode())).Expect(HttpStatusCode.OK);
    }

    internal static async Task<Actor> StrangerAsync(TestApp app, Actor account)
    {
        var stranger = app.NewActor("stranger");
        (stranger.Email, stranger.Password) = (account.Email, account.Password);
        return await stranger.SignInAsync();
    }

    private static async Task<Page> OpenAsync(PageActor browser, TestMail mail) => (await browser.GetAsync(new Uri(mail.Links.Single()).PathAndQuery)).Expect(HttpStatusCode.OK);
}
