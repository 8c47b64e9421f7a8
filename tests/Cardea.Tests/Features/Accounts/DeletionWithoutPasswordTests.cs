using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Accounts;

/// <summary>Who has no password deletes the account after a recent sign-in, and in no other way.</summary>
public sealed class DeletionWithoutPasswordTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task An_account_without_a_password_is_deleted_after_a_recent_sign_in(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await WithoutPasswordAsync(app);

        // An hour later the session alone is no proof any more, and no password makes up for it.
        app.Clock.Advance(TimeSpan.FromMinutes(61));
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        foreach (var body in new object?[] { null, new { }, new { password = alice.Password }, new { password = "" } })
        {
            (await alice.DeleteAsync("/users/me", body)).Expect(HttpStatusCode.Forbidden, "reauthentication_required");
        }

        await SignInByCodeAsync(app, alice);
        (await alice.DeleteAsync("/users/me")).Expect(HttpStatusCode.OK);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_password_that_there_is_must_be_given(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();

        (await alice.DeleteAsync("/users/me")).Expect(HttpStatusCode.BadRequest, "validation_failed");
        (await alice.DeleteAsync("/users/me", new { password = "another password" })).Expect(HttpStatusCode.Forbidden, "invalid_credentials");
        (await alice.DeleteAsync("/users/me", new { password = alice.Password })).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_page_asks_for_no_password_where_there_is_none(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await WithoutPasswordAsync(app);
        var browser = await SignInByCodePageAsync(app, alice);
        var page = (await browser.GetAsync("/account/security")).Expect(HttpStatusCode.OK);
        Assert.DoesNotContain("type=\"password\"", page.Html, StringComparison.Ordinal);
        Assert.Contains("This account has no password.", page.Html, StringComparison.Ordinal);

        app.Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal("/account/confirm?return_url=/account/security", (await browser.PostAsync("/account/security/delete")).Expect(HttpStatusCode.SeeOther).Location);

        browser = await SignInByCodePageAsync(app, alice);
        Assert.Equal("/login", (await browser.PostAsync("/account/security/delete")).Expect(HttpStatusCode.SeeOther).Location);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
    }

    /// <summary>Somebody signed up with alice's address; she proves it by a mailed code, and what was set before goes.</summary>
    private static async Task<Actor> WithoutPasswordAsync(TestApp app)
    {
        var alice = await app.NewActor("alice").SignUpAsync();
        await SignInByCodeAsync(app, alice);
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized);
        await SignInByCodeAsync(app, alice);
        return alice;
    }

    private static async Task SignInByCodeAsync(TestApp app, Actor alice)
    {
        (await alice.SendAsync(HttpMethod.Post, "/auth/code/send", new { email = alice.Email }, withToken: false)).Expect(HttpStatusCode.Accepted);
        var code = await CodeAsync(app, alice);
        var answer = (await alice.SendAsync(HttpMethod.Post, "/auth/code/login", new { email = alice.Email, code }, withToken: false)).Expect(HttpStatusCode.OK);
        (alice.AccessToken, alice.RefreshToken) = (answer.Member("access_token"), answer.Member("refresh_token"));
    }

    private static async Task<PageActor> SignInByCodePageAsync(TestApp app, Actor alice)
    {
        var browser = new PageActor(app);
        (await browser.PostAsync("/login/code/send", ("email", alice.Email))).Expect(HttpStatusCode.SeeOther);
        (await browser.PostAsync("/login/code", ("code", await CodeAsync(app, alice)))).Expect(HttpStatusCode.SeeOther);
        Assert.True(await browser.IsSignedInAsync());
        return browser;
    }

    private static async Task<string> CodeAsync(TestApp app, Actor alice) => (await app.MailsToAsync(alice.Email)).First(mail => mail.Code is not null).Code!;
}
