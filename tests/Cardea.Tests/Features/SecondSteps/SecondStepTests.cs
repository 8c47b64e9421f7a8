using System.Net;
using Cardea.Features.SecondSteps;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.SecondSteps;

/// <summary>What comes after the first proof, whichever factor it is.</summary>
public sealed class SecondStepTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task A_second_step_finishes_what_the_first_began(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var phone = await Authenticator.SetUpAsync(app, alice);
        Assert.Equal(10, phone.RecoveryCodes.Distinct().Count());

        var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, SecondStepsProblems.MfaRequired.Code);
        Assert.Equal(["totp", "recovery_code"], first.Json.GetProperty("methods").EnumerateArray().Select(method => method.GetString()));
        (await alice.TrySecondStepAsync(first, "totp", phone.WrongCode())).Expect(HttpStatusCode.Unauthorized, SecondStepsProblems.InvalidCode.Code);
        (await alice.TrySecondStepAsync(first, "totp", phone.NextCode())).Expect(HttpStatusCode.OK);

        Assert.Equal(["pwd", "otp", "mfa"], Actor.Claims(alice.AccessToken!).GetProperty("amr").EnumerateArray().Select(word => word.GetString()));
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        Assert.Contains("An authenticator app was set up.", (await app.LastMailToAsync(alice.Email)).Text, StringComparison.Ordinal);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Where_only_the_session_limit_stands_in_the_way_no_second_code_is_needed(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Sessions:MaxPerAccount", "1"));
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var phone = await Authenticator.SetUpAsync(app, alice);
        var elsewhere = app.NewActor("elsewhere");
        var first = (await elsewhere.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.Forbidden, SecondStepsProblems.MfaRequired.Code);

        (await elsewhere.TrySecondStepAsync(first, "totp", phone.NextCode())).Expect(HttpStatusCode.Conflict, SignInProblems.SessionActive.Code);
        (await elsewhere.TrySecondStepAsync(first, "totp", "000000", replace: true)).Expect(HttpStatusCode.OK);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await elsewhere.TrySecondStepAsync(first, "totp", "000000", replace: true)).Expect(HttpStatusCode.Unauthorized, SecondStepsProblems.InvalidCode.Code);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Who_must_have_a_factor_sets_it_up_and_is_signed_in(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:RequireSecondFactor", "everyone"));
        var alice = await app.NewActor("alice").SignUpAsync();
        var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, SecondStepsProblems.EnrolmentRequired.Code);
        alice.AccessToken = first.Json.GetProperty("enrollment_token").GetString();
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await alice.DeleteAsync("/users/me/totp")).Expect(HttpStatusCode.Unauthorized);

        var begun = (await alice.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Created);
        var phone = new Authenticator(app, begun.Json.GetProperty("secret").GetString()!);
        var confirmed = (await alice.PostAsync("/users/me/totp/confirm", new { code = phone.NextCode() })).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Unauthorized); // the token has done what it was for
        alice.AccessToken = confirmed.Json.GetProperty("access_token").GetString();
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        Assert.Contains("mfa", Actor.Claims(alice.AccessToken!).GetProperty("amr").EnumerateArray().Select(word => word.GetString()));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task What_changes_the_sign_in_needs_a_recent_one_and_with_the_factor_where_there_is_one(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        (await alice.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Forbidden, SecondStepsProblems.ReauthenticationRequired.Code);
        (await alice.PatchAsync("/users/me", new { email = "new-" + alice.Email })).Expect(HttpStatusCode.Forbidden, SecondStepsProblems.ReauthenticationRequired.Code);
        (await alice.PostAsync("/auth/reauthenticate", new { password = "not the right one" })).Expect(HttpStatusCode.Forbidden);
        (await alice.PostAsync("/auth/reauthenticate", new { password = alice.Password })).Expect(HttpStatusCode.OK);
        var phone = await Authenticator.SetUpAsync(app, alice);

        app.Clock.Advance(TimeSpan.FromMinutes(11));
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK); // a fresh token makes no fresh session
        (await alice.PostAsync("/auth/reauthenticate", new { password = alice.Password })).Expect(HttpStatusCode.OK);
        (await alice.DeleteAsync("/users/me/totp")).Expect(HttpStatusCode.Forbidden, SecondStepsProblems.ReauthenticationRequired.Code);
        (await alice.PostAsync("/auth/reauthenticate", new { code = phone.NextCode() })).Expect(HttpStatusCode.OK);
        (await alice.DeleteAsync("/users/me/totp")).Expect(HttpStatusCode.OK);
        Assert.False((await alice.GetAsync("/users/me/factors")).Json.GetProperty("totp").GetBoolean());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_trusted_device_is_asked_for_no_second_step_until_it_is_trusted_no_more(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var phone = await Authenticator.SetUpAsync(app, alice);
        var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden);
        (await alice.TrySecondStepAsync(first, "totp", phone.NextCode(), trustDevice: true)).Expect(HttpStatusCode.OK);
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK);
        (await app.NewActor("elsewhere").TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.Forbidden, SecondStepsProblems.MfaRequired.Code);

        var device = (await alice.GetAsync("/users/me/factors")).Json.GetProperty("trusted_devices")[0].GetProperty("id").GetString();
        (await alice.DeleteAsync("/users/me/trusted-devices/" + device)).Expect(HttpStatusCode.OK);
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, SecondStepsProblems.MfaRequired.Code);
    }
}
