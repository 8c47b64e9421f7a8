using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Features.SecondSteps;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>What a change of password, address, role or factor makes of everything that was proved before it.</summary>
public sealed class FactorChangeChecks
{
    private const string NewPassword = "brass otter window seven";

    [Theory, OnSqlite, OnPostgres]
    public async Task MF_07_Factors_come_and_go_only_by_a_recent_factor_and_their_owner_is_told(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        var plain = new (HttpMethod Method, string Path)[] { (HttpMethod.Delete, "/users/me/totp"), (HttpMethod.Post, "/users/me/totp"), (HttpMethod.Post, "/users/me/recovery-codes") };
        async Task AllRefusedAsync()
        {
            foreach (var (method, path) in plain)
            {
                (await alice.SendAsync(method, path)).Expect(HttpStatusCode.Forbidden, "reauthentication_required");
            }

            (await alice.PostAsync("/users/me/totp/confirm", new { code = phone.CodeAt(0) })).Expect(HttpStatusCode.Forbidden, "reauthentication_required");
        }

        await AllRefusedAsync();
        (await alice.PostAsync("/auth/reauthenticate", new { password = alice.Password })).Expect(HttpStatusCode.OK);
        await AllRefusedAsync(); // a password alone is what a thief of the session's owner may know
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        await AllRefusedAsync();

        // A session of a trusted device was made without the factor, however fresh it is.
        (await alice.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(alice), "totp", phone.NextCode(), trustDevice: true)).Expect(HttpStatusCode.OK);
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK);
        await AllRefusedAsync();

        (await alice.PostAsync("/auth/reauthenticate", new { code = phone.NextCode() })).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Conflict, "totp_already_set_up"); // not even then is one replaced unseen
        (await alice.PostAsync("/users/me/recovery-codes")).Expect(HttpStatusCode.Created);
        Assert.Contains(await app.MailsToAsync(alice.Email), mail => mail.Text.Contains("New recovery codes were made.", StringComparison.Ordinal));
        (await alice.DeleteAsync("/users/me/totp")).Expect(HttpStatusCode.OK);
        Assert.Contains(await app.MailsToAsync(alice.Email), mail => mail.Text.Contains("The authenticator app was removed.", StringComparison.Ordinal));
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM recovery_codes"));
        (await alice.DeleteAsync("/users/me/totp")).Expect(HttpStatusCode.NotFound);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_07_Taking_a_factor_away_or_setting_up_the_first_ends_the_other_sessions(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var before = await app.NewActor("before").As(alice).SignInAsync();
        var phone = await Authenticator.SetUpAsync(app, alice);
        (await before.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await before.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);

        var other = app.NewActor("other").As(alice);
        (await other.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(other), "totp", phone.NextCode())).Expect(HttpStatusCode.OK);
        (await alice.DeleteAsync("/users/me/totp")).Expect(HttpStatusCode.OK);
        (await other.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await other.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    [Theory]
    [OnSqlite("change"), OnSqlite("reset"), OnSqlite("address"), OnSqlite("factor"), OnSqlite("codes"), OnPostgres("change"), OnPostgres("reset"), OnPostgres("address"), OnPostgres("factor"), OnPostgres("codes")]
    public async Task SE_04_A_sign_in_that_waits_is_void_once_what_it_had_proved_is_another(Engine engine, string change)
    {
        await using var app = await TestApp.StartAsync(engine, ("Sessions:MaxPerAccount", "1"));
        var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
        var (waiting, proved, page) = (app.NewActor("waiting").As(alice), app.NewActor("proved").As(alice), new PageActor(app));
        var step = await FactorGuessChecks.FirstStepAsync(waiting);
        await page.TrySignInAsync(alice);
        // One that needs nothing but room for a session any more.
        var room = await FactorGuessChecks.FirstStepAsync(proved);
        (await proved.TrySecondStepAsync(room, "totp", phone.NextCode())).Expect(HttpStatusCode.Conflict, "session_active");

        switch (change)
        {
            case "change":
                (await alice.PostAsync("/password/change", new { current_password = alice.Password, new_password = NewPassword })).Expect(HttpStatusCode.OK);
                break;
            case "reset":
                (await alice.PostAsync("/password/reset", new { token = (await OtTokenTests.ForgotAsync(app, alice)).Token, password = NewPassword })).Expect(HttpStatusCode.OK);
                break;
            case "address":
                (await alice.PatchAsync("/users/me", new { email = "moved-" + alice.Email })).Expect(HttpStatusCode.OK);
                (await alice.PostAsync("/verify/confirm", new { token = (await app.LastMailToAsync("moved-" + alice.Email)).Token })).Expect(HttpStatusCode.OK);
                break;
            case "factor":
                (await alice.DeleteAsync("/users/me/totp")).Expect(HttpStatusCode.OK);
                break;
            case "codes":
                (await alice.PostAsync("/users/me/recovery-codes")).Expect(HttpStatusCode.Created);
                break;
        }

        (await waiting.TrySecondStepAsync(step, "totp", phone.NextCode(), replace: true)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        (await proved.TrySecondStepAsync(room, "totp", phone.NextCode(), replace: true)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        Assert.Equal("/login", (await page.PostAsync("/login/second-step", ("method", "totp"), ("code", phone.NextCode()), ("replace", "true"))).Expect(HttpStatusCode.SeeOther).Location);
        Assert.Null(page.Session);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM pending_sign_ins"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task MF_09_A_trusted_device_is_trusted_by_one_account_for_thirty_days(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
        var (bob, bobsPhone) = await SecondStepPagesTests.WithAppAsync(app);
        await TrustAsync(alice, phone);
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK);
        Assert.Equal(["pwd"], Actor.Claims(alice.AccessToken!).GetProperty("amr").EnumerateArray().Select(word => word.GetString())); // and says so

        // The same cookie, and everything else that could be copied, on another account and with another browser's agent.
        bob.UserAgent = alice.UserAgent;
        foreach (Cookie cookie in alice.Cookies.GetAllCookies())
        {
            bob.Cookies.Add(app.Address, new Cookie(cookie.Name, cookie.Value));
        }

        (await bob.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        // Place and agent without the cookie are no trusted device.
        var imitator = app.NewActor("imitator").As(alice);
        imitator.UserAgent = alice.UserAgent;
        (await imitator.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");

        app.Clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromMinutes(5));
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK); // which did not begin the thirty days anew
        app.Clock.Advance(TimeSpan.FromMinutes(5));
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        Assert.Empty((await alice.GetAsync("/users/me/factors")).Json.GetProperty("trusted_devices").EnumerateArray());
        Assert.NotEmpty(bobsPhone.RecoveryCodes);
    }

    [Theory]
    [OnSqlite("change"), OnSqlite("reset"), OnSqlite("codes"), OnSqlite("ended"), OnSqlite("factor"), OnPostgres("change"), OnPostgres("reset"), OnPostgres("codes"), OnPostgres("ended"), OnPostgres("factor")]
    public async Task MF_09_No_device_is_trusted_after_a_new_password_or_another_factor(Engine engine, string change)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
        await TrustAsync(alice, phone);
        switch (change)
        {
            case "change":
                (await alice.PostAsync("/password/change", new { current_password = alice.Password, new_password = NewPassword })).Expect(HttpStatusCode.OK);
                alice.Password = NewPassword;
                break;
            case "reset":
                (await alice.PostAsync("/password/reset", new { token = (await OtTokenTests.ForgotAsync(app, alice)).Token, password = NewPassword })).Expect(HttpStatusCode.OK);
                alice.Password = NewPassword;
                break;
            case "codes":
                (await alice.PostAsync("/users/me/recovery-codes")).Expect(HttpStatusCode.Created);
                break;
            case "ended":
                var id = (await alice.GetAsync("/users/me/factors")).Json.GetProperty("trusted_devices")[0].GetProperty("id").GetString();
                (await alice.DeleteAsync("/users/me/trusted-devices/" + id)).Expect(HttpStatusCode.OK);
                (await alice.DeleteAsync("/users/me/trusted-devices/" + id)).Expect(HttpStatusCode.NotFound);
                break;
            case "factor":
                (await alice.DeleteAsync("/users/me/totp")).Expect(HttpStatusCode.OK);
                phone = await Authenticator.SetUpAsync(app, alice);
                break;
        }

        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM devices WHERE trusted_until IS NOT NULL"));
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        Assert.NotEmpty(phone.RecoveryCodes);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_09_An_old_session_changes_nothing_of_how_one_signs_in_and_a_confirmed_one_for_ten_minutes(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var doors = JsonRoute.All(app).Where(route => route.Access is Cardea.Foundation.Web.Access.RecentBearer or Cardea.Foundation.Web.Access.Enrolling).ToList();
        Assert.True(doors.Count >= 4);
        app.Clock.Advance(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(1));
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        foreach (var door in doors)
        {
            (await alice.SendAsync(new HttpMethod(door.Method), door.Path, door.Example?.ToJsonString())).Expect(HttpStatusCode.Forbidden, "reauthentication_required");
        }

        (await alice.PatchAsync("/users/me", new { email = "moved-" + alice.Email })).Expect(HttpStatusCode.Forbidden, "reauthentication_required");
        (await alice.PostAsync("/auth/reauthenticate", new { password = alice.Password })).Expect(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(5));
        (await alice.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Created);
        app.Clock.Advance(TimeSpan.FromSeconds(6));
        (await alice.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Forbidden, "reauthentication_required");
    }

    private static async Task TrustAsync(Actor alice, Authenticator phone) =>
        (await alice.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(alice), "totp", phone.NextCode(), trustDevice: true)).Expect(HttpStatusCode.OK);
}
