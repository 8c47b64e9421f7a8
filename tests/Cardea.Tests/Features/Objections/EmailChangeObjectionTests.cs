using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Objections;

/// <summary>The address that an account leaves is told, and can undo it (OT-11).</summary>
public sealed class EmailChangeObjectionTests
{
    private const string About = "Your e-mail address is about to change";
    private const string Done = "Your e-mail address was changed";
    private const string NewPassword = "copper window bridge seven";

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_11_A_change_that_waits_is_void_and_whoever_asked_is_out(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).VerifyAsync();
        var thief = await SignInObjectionTests.StrangerAsync(app, alice);
        var (question, notice) = await AskAsync(app, thief, alice.Email, "thief@example.net");
        var browser = new PageActor(app);
        var page = (await browser.GetAsync("/undo-email-change?token=" + notice.Token)).Expect(HttpStatusCode.OK);
        Assert.Contains("t***@e***.net", page.Html, StringComparison.Ordinal);
        (await thief.GetAsync("/users/me")).Expect(HttpStatusCode.OK); // opening did nothing

        await UndoAsync(browser, notice, page.Token);
        (await thief.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await thief.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await thief.PostAsync("/verify/confirm", new { token = question.Token })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await thief.PostAsync("/verify/confirm", new { email = "thief@example.net", code = question.Code })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        await SetPasswordAsync(browser);
        (await alice.TrySignInAsync(NewPassword)).Expect(HttpStatusCode.OK);
        (await browser.PostAsync("/undo-email-change", ("token", notice.Token))).Expect(HttpStatusCode.BadRequest); // once
        Assert.All(await app.MailsToAsync("thief@example.net"), mail => Assert.Equal("Confirm your new e-mail address", mail.Subject));
    }

    [Theory]
    [OnSqlite(About), OnSqlite(Done), OnPostgres(About), OnPostgres(Done)]
    public async Task OT_11_A_change_that_was_made_is_taken_back_from_the_old_mailbox(Engine engine, string subject)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).VerifyAsync();
        var thief = await SignInObjectionTests.StrangerAsync(app, alice);
        await MoveAsync(app, thief, alice.Email, "thief@example.net");
        // Nothing that a thief does next takes the way back away.
        (await thief.PostAsync("/password/change", new { current_password = alice.Password, new_password = "seven maple kettles sing" })).Expect(HttpStatusCode.OK);
        await MoveAsync(app, thief, "thief@example.net", "further@example.net");
        (await thief.PostAsync("/auth/link/send", new { email = "further@example.net" })).Expect(HttpStatusCode.Accepted);
        var link = (await app.MailOfAsync("further@example.net", "Your link to sign in")).Token;
        var onTheWay = (await app.MailOfAsync("thief@example.net", Done)).Token;

        app.Clock.Advance(TimeSpan.FromDays(6));
        var browser = new PageActor(app);
        await UndoAsync(browser, await app.MailOfAsync(alice.Email, subject));
        (await thief.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await thief.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized);
        (await thief.TrySignInAsync("seven maple kettles sing", login: "further@example.net")).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await thief.TrySignInAsync("seven maple kettles sing", login: alice.Email)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await thief.TryLinkAsync(link)).Expect(HttpStatusCode.Unauthorized);
        (await new PageActor(app).PostAsync("/undo-email-change", ("token", onTheWay))).Expect(HttpStatusCode.BadRequest);
        await SetPasswordAsync(browser);
        (await alice.TrySignInAsync(NewPassword)).Expect(HttpStatusCode.OK);
        var me = (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        Assert.Equal((alice.Email, true), (me.Member("email"), me.Json.GetProperty("is_verified").GetBoolean()));
        Assert.Equal(1, await app.CountMailsAsync(alice.Email, "The change of your address was undone"));
        Assert.Equal(1, await app.CountMailsAsync("further@example.net", "The change of your address was undone"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_11_The_link_lives_a_week_and_is_nothing_to_another_account(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        await MoveAsync(app, alice, alice.Email, "moved@example.org");
        var notice = await app.MailOfAsync(alice.Email, Done);
        app.Clock.Advance(TimeSpan.FromDays(7) + TimeSpan.FromSeconds(1));
        (await new PageActor(app).PostAsync("/undo-email-change", ("token", notice.Token))).Expect(HttpStatusCode.BadRequest);
        Assert.Contains("not valid any more", (await new PageActor(app).GetAsync("/undo-email-change?token=" + notice.Token)).Html, StringComparison.Ordinal);
        (await alice.TrySignInAsync(login: "moved@example.org")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_11_Who_has_the_old_address_by_now_keeps_it_if_they_proved_it_and_not_otherwise(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        foreach (var isProved in new[] { true, false })
        {
            var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
            var moved = "moved-" + alice.Email;
            await MoveAsync(app, alice, alice.Email, moved);
            var notice = await app.MailOfAsync(alice.Email, Done);
            var next = app.NewActor("next");
            (next.Email, next.Password) = (alice.Email, "seven maple kettles sing");
            await next.SignUpAsync();
            if (isProved)
            {
                await next.VerifyAsync();
            }

            await next.SignInAsync();
            var browser = new PageActor(app);
            if (isProved)
            {
                var page = (await browser.PostAsync("/undo-email-change", ("token", notice.Token))).Expect(HttpStatusCode.Conflict);
                Assert.Contains("belongs to another account", page.Html, StringComparison.Ordinal);
                (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
                (await next.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
                (await alice.TrySignInAsync(login: moved)).Expect(HttpStatusCode.OK);
            }
            else
            {
                await UndoAsync(browser, notice);
                await SetPasswordAsync(browser);
                (await next.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
                (await alice.TrySignInAsync(NewPassword)).Expect(HttpStatusCode.OK);
                Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT count(*) FROM accounts WHERE email = @Email AND id = @Id", new { alice.Email, alice.Id }));
            }
        }
    }

    private static async Task<(TestMail Question, TestMail Notice)> AskAsync(TestApp app, Actor actor, string from, string to)
    {
        (await actor.PatchAsync("/users/me", new { email = to })).Expect(HttpStatusCode.OK);
        return (await app.LastMailToAsync(to), await app.MailOfAsync(from, About));
    }

    private static async Task MoveAsync(TestApp app, Actor actor, string from, string to)
    {
        var (question, _) = await AskAsync(app, actor, from, to);
        (await actor.PostAsync("/verify/confirm", new { token = question.Token })).Expect(HttpStatusCode.OK);
    }

    private static async Task UndoAsync(PageActor browser, TestMail notice, string? token = null) =>
        Assert.Equal("/reset-password", (await browser.PostAsync("/undo-email-change", token ?? await browser.TokenAsync(), [("token", notice.Token)])).Expect(HttpStatusCode.SeeOther).Location);

    private static async Task SetPasswordAsync(PageActor browser) =>
        (await browser.PostAsync("/reset-password", ("password", NewPassword), ("password_again", NewPassword))).Expect(HttpStatusCode.SeeOther);
}
