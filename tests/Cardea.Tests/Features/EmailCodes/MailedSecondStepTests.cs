using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Cardea.Tests.Security;

namespace Cardea.Tests.Features.EmailCodes;

/// <summary>A mailed code as second step, where the operator wants one.</summary>
public sealed class MailedSecondStepTests
{
    private const string Subject = "Your code to finish signing in";

    private static readonly (string, string) Always = ("SignIn:MailedCode", "always");

    [Theory, OnSqlite, OnPostgres]
    public async Task Always_means_that_each_sign_in_with_a_password_is_finished_by_a_mailed_code(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Always);
        var alice = await app.NewActor("alice").SignUpAsync();
        for (var time = 1; time <= 3; time++)
        {
            var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
            Assert.Equal(["email_code"], first.Json.GetProperty("methods").EnumerateArray().Select(method => method.GetString()));
            var code = await app.StepCodeAsync(alice);
            Assert.Equal(time, await app.CountMailsAsync(alice.Email, Subject));
            (await alice.TrySecondStepAsync(first, "email_code", Mailed.Other(code))).Expect(HttpStatusCode.Unauthorized, "invalid_code");
            (await alice.TrySecondStepAsync(first, "totp", code)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
            Assert.Equal(["pwd", "otp", "mfa"], Mailed.Amr((await alice.TrySecondStepAsync(first, "email_code", code)).Expect(HttpStatusCode.OK)));
            (await alice.TrySecondStepAsync(first, "email_code", code)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        }

        // It proves the address, and who proves it has proved the password too: that one stays.
        Assert.True((await alice.GetAsync("/users/me")).Json.GetProperty("is_verified").GetBoolean());
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task New_device_means_that_a_known_one_is_asked_for_none(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:MailedCode", "new-device"));
        var alice = await app.NewActor("alice").SignUpAsync();
        var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        (await alice.TrySecondStepAsync(first, "email_code", await app.StepCodeAsync(alice))).Expect(HttpStatusCode.OK);
        Assert.Equal(["pwd"], Mailed.Amr((await alice.TrySignInAsync()).Expect(HttpStatusCode.OK)));

        var elsewhere = app.NewActor("elsewhere");
        elsewhere.Password = alice.Password;
        (await elsewhere.TrySignInAsync(login: alice.Email)).Expect(HttpStatusCode.Forbidden, "mfa_required");
        (await elsewhere.TrySignInAsync(login: alice.Email)).Expect(HttpStatusCode.Forbidden, "mfa_required"); // asking makes it not known
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_device_that_is_trusted_after_it_is_asked_for_none_until_the_password_changes(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Always);
        var alice = await app.NewActor("alice").SignUpAsync();
        var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden);
        (await alice.TrySecondStepAsync(first, "email_code", await app.StepCodeAsync(alice), trustDevice: true)).Expect(HttpStatusCode.OK);
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/password/change", new { current_password = alice.Password, new_password = "copper window bridge seven" })).Expect(HttpStatusCode.OK);
        (await alice.TrySignInAsync("copper window bridge seven")).Expect(HttpStatusCode.Forbidden, "mfa_required");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task What_was_mailed_to_the_same_mailbox_is_no_second_step_after_itself_and_a_stronger_factor_takes_its_place(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Always);
        var alice = await app.NewActor("alice").SignUpAsync();
        (await alice.TryLinkAsync(await app.LinkAsync(alice))).Expect(HttpStatusCode.OK);
        var tokens = (await alice.TryCodeAsync(await app.CodeAsync(alice))).Expect(HttpStatusCode.OK);
        alice.AccessToken = tokens.Member("access_token");
        (await alice.PostAsync("/password/reset", new { token = (await OtTokenTests.ForgotAsync(app, alice)).Token, password = alice.Password })).Expect(HttpStatusCode.OK);
        alice.AccessToken = (await alice.TryCodeAsync(await app.CodeAsync(alice))).Expect(HttpStatusCode.OK).Member("access_token");
        var phone = await Authenticator.SetUpAsync(app, alice);

        var mails = await app.CountMailsAsync(alice.Email, Subject);
        var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        Assert.DoesNotContain("email_code", first.Body, StringComparison.Ordinal);
        (await alice.PostAsync("/auth/login/mfa/send", new { mfa_token = first.Member("mfa_token") })).Expect(HttpStatusCode.Accepted);
        Assert.Equal(mails, await app.CountMailsAsync(alice.Email, Subject)); // a mail is no way round the app
        (await alice.TrySecondStepAsync(first, "email_code", "000000")).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        (await alice.TrySecondStepAsync(first, "totp", phone.NextCode())).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_14_The_code_finishes_the_sign_in_that_it_was_mailed_for_and_no_other(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Always);
        var (alice, bob) = (await app.NewActor("alice").SignUpAsync(), await app.NewActor("bob").SignUpAsync());
        var ofBob = (await bob.TrySignInAsync()).Expect(HttpStatusCode.Forbidden);
        var older = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden);
        var olderCode = await app.StepCodeAsync(alice);
        var newer = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden);
        var newerCode = await app.StepCodeAsync(alice);
        (await bob.TrySecondStepAsync(ofBob, "email_code", newerCode)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        (await alice.TrySecondStepAsync(older, "email_code", newerCode)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        if (olderCode != newerCode)
        {
            (await alice.TrySecondStepAsync(newer, "email_code", olderCode)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        }

        (await alice.TryCodeAsync(newerCode)).Expect(HttpStatusCode.Unauthorized, "invalid_code"); // nor a sign-in of its own
        (await alice.TrySecondStepAsync(newer, "email_code", newerCode)).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_08_BF_06_Five_tries_a_code_and_ten_an_account_however_often_the_sign_in_is_begun_anew(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Always);
        var alice = await app.NewActor("alice").SignUpAsync();
        for (var round = 0; round < 2; round++)
        {
            var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden);
            var code = await app.StepCodeAsync(alice);
            for (var time = 0; time < 4; time++)
            {
                (await alice.TrySecondStepAsync(first, "email_code", Mailed.Other(code, time))).Expect(HttpStatusCode.Unauthorized, "invalid_code");
            }

            if (round == 0)
            {
                (await alice.TrySecondStepAsync(first, "email_code", Mailed.Other(code, 4))).Expect(HttpStatusCode.Unauthorized, "invalid_code");
                (await alice.TrySecondStepAsync(first, "email_code", code)).Expect(HttpStatusCode.Unauthorized, "invalid_code"); // the sixth, and right
            }
        }

        var last = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden);
        (await alice.TrySecondStepAsync(last, "email_code", await app.StepCodeAsync(alice))).Expect(HttpStatusCode.TooManyRequests, "too_many_requests");
        app.Clock.Advance(TimeSpan.FromHours(1));
        var later = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden);
        (await alice.TrySecondStepAsync(later, "email_code", await app.StepCodeAsync(alice))).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task HM_04_Another_mail_can_be_asked_for_three_times_an_hour_and_the_answer_never_tells(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Always);
        var alice = await app.NewActor("alice").SignUpAsync();
        var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden);
        var answers = new List<string>();
        foreach (var token in Enumerable.Repeat(first.Member("mfa_token")!, 6).Concat([new string('A', 43), "x", first.Member("mfa_token")![..^1] + "_"]))
        {
            answers.Add((await alice.PostAsync("/auth/login/mfa/send", new { mfa_token = token })).Expect(HttpStatusCode.Accepted).Body);
        }

        Assert.Single(answers.Distinct());
        Assert.Equal(1 + 3, await app.CountMailsAsync(alice.Email, Subject));
        (await alice.TrySecondStepAsync(first, "email_code", await app.StepCodeAsync(alice))).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/auth/login/mfa/send", new { mfa_token = "" })).Expect(HttpStatusCode.BadRequest, "validation_failed");

        // Each sign-in has a mail, and even those come to an end: later where the address is proved, as the code has done.
        for (var time = 0; time < 30; time++)
        {
            (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");
        }

        Assert.Equal(1 + 3 + 20, await app.CountMailsAsync(alice.Email, Subject));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PE_01_The_mailed_second_step_asks_whether_the_account_may_have_a_token(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Always, ("Sessions:MaxPerAccount", "1"));
        foreach (var (change, expected) in new[]
        {
            ("disabled_at = 1", "account_disabled"), ("password_change_required = 1", "password_change_required"), ("email_verified_at = NULL, disabled_at = 1", "account_disabled"), ("email_verified_at = NULL", null),
        })
        {
            var alice = await app.NewActor("alice").SignUpAsync();
            var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden);
            await app.ChangeAccountAsync(alice, change);
            var answer = await alice.TrySecondStepAsync(first, "email_code", await app.StepCodeAsync(alice));
            Assert.Equal(expected, answer.Code);
            Assert.Equal(expected is null ? 1 : 0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions WHERE account_id = @Id", new { alice.Id }));
            if (expected is null)
            {
                var second = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden);
                (await alice.TrySecondStepAsync(second, "email_code", await app.StepCodeAsync(alice))).Expect(HttpStatusCode.Conflict, "session_active");
                (await alice.TrySecondStepAsync(second, "email_code", "000000", replace: true)).Expect(HttpStatusCode.OK);
            }
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_04_A_new_password_voids_sign_ins_that_wait_and_their_codes(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Always);
        var alice = await app.NewActor("alice").SignUpAsync();
        var first = (await alice.TrySignInAsync()).Expect(HttpStatusCode.Forbidden);
        var code = await app.StepCodeAsync(alice);
        var reset = await OtTokenTests.ForgotAsync(app, alice);
        (await alice.PostAsync("/password/reset", new { token = reset.Token, password = "copper window bridge seven" })).Expect(HttpStatusCode.OK);
        (await alice.TrySecondStepAsync(first, "email_code", code)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        var mails = await app.CountMailsAsync(alice.Email, Subject);
        (await alice.PostAsync("/auth/login/mfa/send", new { mfa_token = first.Member("mfa_token") })).Expect(HttpStatusCode.Accepted);
        Assert.Equal(mails, await app.CountMailsAsync(alice.Email, Subject));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_waiting_set_up_of_a_factor_ends_with_the_password_that_began_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("SignIn:RequireSecondFactor", "everyone"));
        var alice = await app.NewActor("alice").SignUpAsync();
        var thief = app.NewActor("thief");
        thief.AccessToken = (await thief.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.Forbidden, "mfa_enrollment_required").Member("enrollment_token");
        (await thief.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Created);
        (await alice.PostAsync("/password/reset", new { token = (await OtTokenTests.ForgotAsync(app, alice)).Token, password = "copper window bridge seven" })).Expect(HttpStatusCode.OK);
        (await thief.PostAsync("/users/me/totp")).Expect(HttpStatusCode.Unauthorized);
        (await thief.PostAsync("/users/me/totp/confirm", new { code = "000000" })).Expect(HttpStatusCode.Unauthorized, "unauthorized");
    }
}
