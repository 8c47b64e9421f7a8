using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stories;

/// <summary>The journey of "Simple Authentication Server": by username in, and by username back in with a password that was mailed.</summary>
public sealed class SimpleAuthenticationServerStory
{
    private const string NewPassword = "seven maple kettles sing";

    private static readonly (string Key, string Value) ByTemporaryPassword = ("Recovery:Method", "temporary-password");

    [Theory, OnSqlite, OnPostgres]
    public async Task Bob_registers_with_a_username_and_signs_in_by_it_whatever_its_case(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var bob = await RegisterAsync(app);

        (await bob.PostAsync("/auth/login", new { username = bob.Username, password = bob.Password })).Expect(HttpStatusCode.OK);
        (await bob.PostAsync("/auth/login", new { username = bob.Username!.ToUpperInvariant(), password = bob.Password })).Expect(HttpStatusCode.OK);
        var namesake = app.NewActor();
        namesake.Username = bob.Username.ToUpperInvariant();
        (await namesake.TrySignUpAsync()).Expect(HttpStatusCode.Conflict, "username_taken");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_mailed_password_works_once_and_must_be_changed_at_once(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ByTemporaryPassword);
        var bob = await RegisterAsync(app);
        var mailed = await RecoverAsync(app, bob);

        var refused = (await bob.TrySignInAsync(mailed, login: bob.Username)).Expect(HttpStatusCode.Forbidden, "password_change_required");
        Assert.Null(bob.AccessToken);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM sessions"));
        (await bob.TrySignInAsync(mailed, login: bob.Username)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");

        var token = refused.Member("password_change_token");
        (await bob.PostAsync("/password/reset", new { token, password = "short" })).Expect(HttpStatusCode.BadRequest, "validation_failed");
        (await bob.PostAsync("/password/reset", new { token, password = NewPassword })).Expect(HttpStatusCode.OK);
        (await bob.PostAsync("/password/reset", new { token, password = "another good long one" })).Expect(HttpStatusCode.BadRequest, "invalid_token");

        (await bob.TrySignInAsync(login: bob.Username)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await bob.TrySignInAsync(NewPassword, login: bob.Username)).Expect(HttpStatusCode.OK);
        (await bob.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Who_remembers_the_own_password_after_all_is_let_in_as_before(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ByTemporaryPassword);
        var bob = await RegisterAsync(app);
        var mailed = await RecoverAsync(app, bob);

        (await bob.TrySignInAsync(login: bob.Username)).Expect(HttpStatusCode.OK);
        (await bob.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        (await bob.TrySignInAsync(mailed, login: bob.Username)).Expect(HttpStatusCode.Forbidden, "password_change_required");
        (await bob.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_mailed_password_runs_out_after_15_minutes_and_a_newer_one_voids_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ByTemporaryPassword);
        var bob = await RegisterAsync(app);
        var first = await RecoverAsync(app, bob);
        var second = await RecoverAsync(app, bob);
        Assert.NotEqual(first, second);

        (await bob.TrySignInAsync(first, login: bob.Username)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        app.Clock.Advance(TimeSpan.FromMinutes(15));
        (await bob.TrySignInAsync(second, login: bob.Username)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");

        var third = await RecoverAsync(app, bob);
        app.Clock.Advance(TimeSpan.FromMinutes(14));
        (await bob.TrySignInAsync(third, login: bob.Username)).Expect(HttpStatusCode.Forbidden, "password_change_required");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Recovery_by_an_unknown_username_is_answered_the_same_and_mails_nobody(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ByTemporaryPassword);
        var bob = await RegisterAsync(app);

        var known = (await bob.PostAsync("/password/forgot", new { username = bob.Username })).Expect(HttpStatusCode.Accepted);
        var unknown = (await bob.PostAsync("/password/forgot", new { username = "nobody-at-all" })).Expect(HttpStatusCode.Accepted);

        Assert.Equal(known.Body, unknown.Body);
        Assert.Equal(2, (await app.MailsToAsync(bob.Email)).Count); // the verification and the password
        Assert.Equal(2, await app.Database.ScalarAsync<long>("SELECT COUNT(*) FROM mailbox"));
    }

    private static async Task<Actor> RegisterAsync(TestApp app)
    {
        var bob = app.NewActor("bob");
        bob.Username = "Bobby." + bob.Name;
        return await bob.SignUpAsync();
    }

    private static async Task<string> RecoverAsync(TestApp app, Actor who)
    {
        (await who.SendAsync(HttpMethod.Post, "/password/forgot", new { username = who.Username }, withToken: false)).Expect(HttpStatusCode.Accepted);
        var mail = await app.LastMailToAsync(who.Email);
        Assert.Equal("Your temporary password", mail.Subject);
        Assert.Contains(mail.Code!, mail.Text, StringComparison.Ordinal);
        return mail.Code!;
    }
}
