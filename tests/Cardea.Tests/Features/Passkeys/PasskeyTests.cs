using System.Net;
using System.Text.Json;
using Cardea.Features.Passkeys;
using Cardea.Features.SecondSteps;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Passkeys;

/// <summary>What somebody with passkeys does, over JSON.</summary>
public sealed class PasskeyTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task A_passkey_signs_in_without_a_name_and_stands_for_both_factors(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var phone = await PasskeyHolder.AddAsync(app, alice, "My phone");
        Assert.Contains("A passkey was added.", (await app.LastMailToAsync(alice.Email)).Text, StringComparison.Ordinal);

        var elsewhere = app.NewActor("elsewhere");
        var answer = (await phone.TrySignInAsync(elsewhere)).Expect(HttpStatusCode.OK);
        Assert.Equal(alice.Id, answer.Json.GetProperty("user").GetProperty("id").GetString());
        Assert.Equal(["hwk", "user", "mfa"], Words(elsewhere));
        (await elsewhere.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Created); // it counts as recent, and as proved by a factor
        Assert.NotNull((await alice.GetAsync("/users/me/passkeys")).Json.GetProperty("items")[0].GetProperty("last_used_at").GetString());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_synced_passkey_says_so_in_tokens_and_lists(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var phone = await PasskeyHolder.AddAsync(app, alice, change: passkey => passkey.Flags |= SoftPasskey.BackupEligible);
        Assert.False(Only(await alice.GetAsync("/users/me/factors"), "passkeys").GetProperty("synced").GetBoolean());
        phone.Passkey.Flags |= SoftPasskey.BackedUp;
        (await phone.TrySignInAsync(alice)).Expect(HttpStatusCode.OK);
        Assert.Equal(["swk", "user", "mfa"], Words(alice));
        Assert.True(Only(await alice.GetAsync("/users/me/factors"), "passkeys").GetProperty("synced").GetBoolean());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task After_the_password_the_accounts_own_passkeys_are_asked_for(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var key = await PasskeyHolder.AddAsync(app, alice, change: passkey => passkey.Flags = SoftPasskey.Present); // one without a PIN

        var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, SecondStepsProblems.MfaRequired.Code);
        Assert.Equal(["passkey", "recovery_code"], first.Json.GetProperty("methods").EnumerateArray().Select(method => method.GetString()));
        var options = await PasskeyHolder.OptionsAsync(alice, first.Json.GetProperty("mfa_token").GetString());
        Assert.Equal(SoftPasskey.Text(key.Passkey.Id), Assert.Single(options.GetProperty("allowCredentials").EnumerateArray()).GetProperty("id").GetString());
        Assert.Equal("preferred", options.GetProperty("userVerification").GetString());
        (await key.TrySecondStepAsync(alice, first)).Expect(HttpStatusCode.OK);
        Assert.Equal(["pwd", "hwk", "user", "mfa"], Words(alice));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Who_must_have_a_factor_adds_a_passkey_and_is_signed_in(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:RequireSecondFactor", "everyone"));
        var alice = await app.NewActor("alice").SignUpAsync();
        alice.AccessToken = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, SecondStepsProblems.EnrolmentRequired.Code).Json.GetProperty("enrollment_token").GetString();
        (await alice.GetAsync("/users/me/passkeys")).Expect(HttpStatusCode.Unauthorized);

        var added = (await new PasskeyHolder(app).TryAddAsync(alice)).Expect(HttpStatusCode.Created).Json;
        Assert.Equal(10, added.GetProperty("recovery_codes").GetArrayLength());
        (await alice.PostAsync("/users/me/passkeys/options")).Expect(HttpStatusCode.Unauthorized); // the token has done what it was for
        alice.AccessToken = added.GetProperty("access_token").GetString();
        Assert.Equal(["pwd", "hwk", "user", "mfa"], Words(alice));
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Several_passkeys_have_names_and_each_can_be_renamed_and_removed(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        alice.UserAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        var first = await PasskeyHolder.AddAsync(app, alice);
        var second = await PasskeyHolder.AddAsync(app, alice, "Key on the ring");
        Assert.Equal(["Firefox on Linux", "Key on the ring"], (await alice.GetAsync("/users/me/passkeys")).Json.GetProperty("items").EnumerateArray().Select(one => one.GetProperty("name").GetString()));
        var excluded = (await alice.PostAsync("/users/me/passkeys/options")).Json.GetProperty("excludeCredentials").EnumerateArray().Select(one => one.GetProperty("id").GetString());
        Assert.Equal([SoftPasskey.Text(first.Passkey.Id), SoftPasskey.Text(second.Passkey.Id)], excluded);

        foreach (var name in new[] { "", "   ", new string('a', 101), "two\nlines", "\u202eturned" })
        {
            (await alice.PatchAsync("/users/me/passkeys/" + first.Id, new { name })).Expect(HttpStatusCode.BadRequest, CommonProblems.ValidationFailed.Code);
        }

        Assert.Equal("Laptop", (await alice.PatchAsync("/users/me/passkeys/" + first.Id, new { name = " Laptop " })).Expect(HttpStatusCode.OK).Member("name"));
        Assert.Contains("A passkey was renamed.", (await app.LastMailToAsync(alice.Email)).Text, StringComparison.Ordinal);
        (await alice.DeleteAsync("/users/me/passkeys/" + first.Id)).Expect(HttpStatusCode.OK);
        (await alice.DeleteAsync("/users/me/passkeys/" + first.Id)).Expect(HttpStatusCode.NotFound);
        Assert.Contains("A passkey was removed.", (await app.LastMailToAsync(alice.Email)).Text, StringComparison.Ordinal);
        (await first.TrySignInAsync(app.NewActor())).Expect(HttpStatusCode.Unauthorized, PasskeysProblems.InvalidPasskey.Code);
        (await second.TrySignInAsync(app.NewActor())).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task With_the_last_factor_the_recovery_codes_go_and_the_password_is_enough_again(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var other = await app.NewActor("other").TrySignInAsync(alice.Password, login: alice.Email);
        var phone = await PasskeyHolder.AddAsync(app, alice);
        (await app.NewActor().TryRefreshAsync(other.Member("refresh_token"))).Expect(HttpStatusCode.Unauthorized); // it never proved the factor
        Assert.Equal(10, (await alice.GetAsync("/users/me/factors")).Json.GetProperty("recovery_codes_left").GetInt32());
        (await alice.DeleteAsync("/users/me/passkeys/" + phone.Id)).Expect(HttpStatusCode.OK);
        Assert.Equal(0, (await alice.GetAsync("/users/me/factors")).Json.GetProperty("recovery_codes_left").GetInt32());
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_living_session_confirms_itself_by_a_passkey(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var phone = await PasskeyHolder.AddAsync(app, alice);
        var mallory = await (await app.NewActor("mallory").SignUpAsync()).SignInAsync();
        var foreign = await PasskeyHolder.AddAsync(app, mallory);
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        (await alice.DeleteAsync("/users/me/passkeys/" + phone.Id)).Expect(HttpStatusCode.Forbidden, SecondStepsProblems.ReauthenticationRequired.Code);
        (await ConfirmAsync(foreign)).Expect(HttpStatusCode.Unauthorized, SecondStepsProblems.InvalidCode.Code);
        (await ConfirmAsync(phone)).Expect(HttpStatusCode.OK);
        (await alice.DeleteAsync("/users/me/passkeys/" + phone.Id)).Expect(HttpStatusCode.OK);

        async Task<Answer> ConfirmAsync(PasskeyHolder holder) => await alice.PostAsync("/auth/reauthenticate", JsonSerializer.Serialize(new { credential = holder.Passkey.Get(await PasskeyHolder.OptionsAsync(alice)) }));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Where_the_session_limit_stands_in_the_way_a_passkey_may_replace_the_oldest(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Sessions:MaxPerAccount", "1"));
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var phone = await PasskeyHolder.AddAsync(app, alice);
        (await phone.TrySignInAsync(app.NewActor())).Expect(HttpStatusCode.Conflict, SignInProblems.SessionActive.Code);
        (await phone.TrySignInAsync(app.NewActor(), replace: true)).Expect(HttpStatusCode.OK);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_export_tells_of_passkeys_and_an_account_that_is_deleted_takes_them_along(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var phone = await PasskeyHolder.AddAsync(app, alice, "My phone");
        Assert.Contains("My phone", (await alice.GetAsync("/users/me/export")).Expect(HttpStatusCode.OK).Body, StringComparison.Ordinal);
        (await alice.DeleteAsync("/users/me", new { password = alice.Password })).Expect(HttpStatusCode.OK);
        (await phone.TrySignInAsync(app.NewActor())).Expect(HttpStatusCode.Unauthorized, PasskeysProblems.InvalidPasskey.Code);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT (SELECT count(*) FROM passkeys) + (SELECT count(*) FROM passkey_users)"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_13_Recovery_proves_no_address_for_a_passkey_that_somebody_planted_and_leads_nobody_past_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var squatter = await (await app.NewActor("alice").SignUpAsync()).SignInAsync(); // with an address that is somebody else's
        var phone = await PasskeyHolder.AddAsync(app, squatter);
        (await squatter.PostAsync("/password/forgot", new { email = squatter.Email })).Expect(HttpStatusCode.Accepted);
        var token = (await app.MailsToAsync(squatter.Email)).First(mail => mail.Links.Any(link => link.Contains("/reset-password", StringComparison.Ordinal))).Token;
        (await squatter.PostAsync("/password/reset", new { token, password = "brass otter window seven" })).Expect(HttpStatusCode.OK);
        var planted = (await phone.TrySignInAsync(app.NewActor())).Expect(HttpStatusCode.OK);
        Assert.False(Actor.Claims(planted.Member("access_token")!).GetProperty("email_verified").GetBoolean());
        (await squatter.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await app.NewActor().TrySignInAsync("brass otter window seven", login: squatter.Email)).Expect(HttpStatusCode.Forbidden, "mfa_required");
    }

    [Fact]
    public async Task Password_stores_find_where_passkeys_and_passwords_are_changed()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var page = app.Address.GetLeftPart(UriPartial.Authority) + "/account/security/passkeys";
        var told = (await app.NewActor().GetAsync("/.well-known/passkey-endpoints")).Expect(HttpStatusCode.OK).Json;
        Assert.Equal((page, page), (told.GetProperty("enroll").GetString(), told.GetProperty("manage").GetString()));
        var answer = (await app.NewActor().GetAsync("/.well-known/change-password")).Expect(HttpStatusCode.Found);
        Assert.Equal("/account/security", answer.Header("Location"));
    }

    private static IEnumerable<string?> Words(Actor actor) => Actor.Claims(actor.AccessToken!).GetProperty("amr").EnumerateArray().Select(word => word.GetString());

    private static JsonElement Only(Answer answer, string member) => Assert.Single(answer.Expect(HttpStatusCode.OK).Json.GetProperty(member).EnumerateArray());
}
