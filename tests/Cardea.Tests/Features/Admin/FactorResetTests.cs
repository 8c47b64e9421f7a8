using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Cardea.Tests.Security;

namespace Cardea.Tests.Features.Admin;

/// <summary>Somebody has lost the phone, and an administrator takes away what was on it.</summary>
public sealed class FactorResetTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task SE_07_Lost_factors_are_removed_with_all_sessions_and_the_owner_is_told(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var (alice, phone, waiting) = await WithFactorsAsync(app);
        var answer = (await ResetAsync(root, alice)).Expect(HttpStatusCode.OK);

        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized);
        (await app.NewActor().TrySecondStepAsync(waiting, "totp", phone.NextCode())).Expect(HttpStatusCode.Unauthorized, "invalid_code"); // a sign-in that waited is void
        await alice.SignInAsync();
        var factors = (await alice.GetAsync("/users/me/factors")).Json;
        Assert.Equal((false, 0, 0, 0), (factors.GetProperty("totp").GetBoolean(), factors.GetProperty("recovery_codes_left").GetInt32(), factors.GetProperty("passkeys").GetArrayLength(), factors.GetProperty("trusted_devices").GetArrayLength()));
        Assert.Equal(
            (root.Id!, """{"removed":["totp","passkeys","recovery_codes"],"kept_passkeys":false}"""),
            await app.Database.ScalarAsync<(string, string)>("SELECT actor_id, detail FROM audit_events WHERE event = 'account.factors_reset' AND request_id = @request AND account_id = @Id", new { request = answer.Header("X-Request-Id"), alice.Id }));
        Assert.Single(await app.MailsToAsync(alice.Email), mail => mail.Subject == "Your second factors were removed");
        await Authenticator.SetUpAsync(app, alice); // as for an account that has never had one
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Passkeys_stay_where_only_the_phone_was_lost(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var browser = await new PageActor(app).SignInAsync(await app.NewAdministratorAsync());
        var (alice, _, _) = await WithFactorsAsync(app);
        Assert.Contains("Remove lost second factors", (await browser.GetAsync("/admin/users/" + alice.Id)).Expect(HttpStatusCode.OK).Html, StringComparison.Ordinal);
        var done = (await browser.PostAsync($"/admin/users/{alice.Id}/reset-factors", ("keep_passkeys", "true"))).Expect(HttpStatusCode.SeeOther);
        Assert.StartsWith("The second factors were removed", (await browser.GetAsync(done.Location!)).Flash, StringComparison.Ordinal);
        var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        Assert.Equal(["passkey"], first.Json.GetProperty("methods").EnumerateArray().Select(method => method.GetString()));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task MF_05_Where_a_second_factor_is_demanded_the_next_sign_in_sets_one_up(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:RequireSecondFactor", "everyone"), ("Bootstrap:AdminEmail", "root@example.org"), ("Bootstrap:AdminPassword", "violet tractor lamp nine"));
        var alice = await app.NewActor("alice").SignUpAsync();
        var setUp = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_enrollment_required");
        alice.AccessToken = setUp.Member("enrollment_token");
        var phone = await Authenticator.SetUpAsync(app, alice);
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        Assert.NotNull(phone);

        Assert.Contains("has no second factor any more", (await app.CommandAsync("user", "reset-factors", alice.Email)).Worked().Out, StringComparison.Ordinal);

        await Within.OneSecondAsync(async () => (await alice.TrySignInAsync()).Code == "mfa_enrollment_required");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_01_No_administrator_removes_another_ones_factors_but_on_the_machine(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (root, other) = (await app.NewAdministratorAsync(), await app.NewAdministratorAsync("other"));
        await Authenticator.SetUpAsync(app, other);
        var browser = await new PageActor(app).SignInAsync(root);
        var before = await app.DumpSettledAsync();
        (await ResetAsync(root, other)).Expect(HttpStatusCode.Forbidden, "factors_protected");
        Assert.Contains("cardea user reset-factors", (await browser.GetAsync("/admin/users/" + other.Id)).Html, StringComparison.Ordinal);
        (await browser.PostAsync($"/admin/users/{other.Id}/reset-factors")).Expect(HttpStatusCode.SeeOther);
        Assert.Equal(before, await app.DumpSettledAsync());
        (await other.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");

        (await app.CommandAsync("user", "reset-factors", other.Id!)).Worked();
        await Within.OneSecondAsync(async () => (await other.TrySignInAsync()).Status is HttpStatusCode.OK);
        Assert.Equal("cardea user reset-factors", await app.Database.ScalarAsync<string>("SELECT actor_id FROM audit_events WHERE event = 'account.factors_reset'"));
        Assert.Single(await app.MailsToAsync(other.Email), mail => mail.Subject == "Your second factors were removed");
    }

    private static Task<Answer> ResetAsync(Actor by, Actor of) => by.PostAsync($"/api/admin/users/{of.Id}/reset-factors");

    /// <summary>Somebody with an app, recovery codes, a passkey, a trusted device, and a sign-in that waits for its second step.</summary>
    private static async Task<(Actor Alice, Authenticator Phone, Answer Waiting)> WithFactorsAsync(TestApp app)
    {
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        var phone = await Authenticator.SetUpAsync(app, alice);
        await PasskeyHolder.AddAsync(app, alice);
        var first = await alice.TrySignInAsync();
        (await alice.TrySecondStepAsync(first, "totp", phone.NextCode(), trustDevice: true)).Expect(HttpStatusCode.OK);
        return (alice, phone, (await app.NewActor().TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.Forbidden, "mfa_required"));
    }
}
