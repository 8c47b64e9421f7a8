using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stories;

/// <summary>A forgotten password and six digits in the mail.</summary>
public sealed class RecoveryByCodeStory
{
    private const string NewPassword = "seven maple kettles sing";

    [Theory, OnSqlite, OnPostgres]
    public async Task The_code_sets_a_new_password_once_and_ends_the_sessions(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var code = await ForgetAsync(app, alice);
        Assert.Matches("^[0-9]{6}$", code);

        // A refused password uses up neither the code nor a try.
        (await alice.PostAsync("/password/reset", new { email = alice.Email, code, password = "short" })).Expect(HttpStatusCode.BadRequest, "validation_failed");
        (await alice.PostAsync("/password/reset", new { email = alice.Email, code, password = NewPassword })).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/password/reset", new { email = alice.Email, code, password = alice.Password })).Expect(HttpStatusCode.BadRequest, "invalid_token");

        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await alice.TrySignInAsync(NewPassword)).Expect(HttpStatusCode.OK);
        Assert.True((await alice.GetAsync("/users/me")).Json.GetProperty("is_verified").GetBoolean()); // the code proved the address
        Assert.Contains(await app.MailsToAsync(alice.Email), mail => mail.Subject.Contains("password was changed", StringComparison.OrdinalIgnoreCase));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task After_five_wrong_codes_the_right_one_is_refused_and_a_new_one_works(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        var alice = await app.NewActor("alice").SignUpAsync();
        var code = await ForgetAsync(app, alice);
        var wrong = code == "000000" ? "000001" : "000000";

        for (var tries = 0; tries < 5; tries++)
        {
            (await alice.PostAsync("/password/reset", new { email = alice.Email, code = wrong, password = NewPassword })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        }

        (await alice.PostAsync("/password/reset", new { email = alice.Email, code, password = NewPassword })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        var newer = await ForgetAsync(app, alice);
        (await alice.PostAsync("/password/reset", new { email = alice.Email, code = newer, password = NewPassword })).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_code_lives_ten_minutes(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        var alice = await app.NewActor("alice").SignUpAsync();
        var code = await ForgetAsync(app, alice);

        app.Clock.Advance(TimeSpan.FromMinutes(10));

        (await alice.PostAsync("/password/reset", new { email = alice.Email, code, password = NewPassword })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK);
    }

    private static async Task<string> ForgetAsync(TestApp app, Actor who)
    {
        (await who.SendAsync(HttpMethod.Post, "/password/forgot", new { email = who.Email }, withToken: false)).Expect(HttpStatusCode.Accepted);
        var mail = await app.LastMailToAsync(who.Email);
        Assert.Empty(mail.Links);
        return mail.Code!;
    }
}
