using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>The flows around what is mailed: no step is skipped, opened links cost nothing, and who proves the address has the account.</summary>
public sealed class OtFlowTests
{
    private const string NewPassword = "copper window bridge seven";

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_05_No_order_of_steps_sets_a_password_without_what_was_mailed(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        var (alice, bob) = (await app.NewActor("alice").SignUpAsync(), await app.NewActor("bob").SignUpAsync());
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK);
        var before = await app.Database.ScalarAsync<string>("SELECT password_hash FROM accounts WHERE id = @Id", new { alice.Id });
        var (verifyBob, resetBob) = (await app.LastMailToAsync(bob.Email), await OtTokenTests.ForgotAsync(app, bob));
        async Task RefusedAsync(object body)
        {
            var answer = await bob.SendAsync(HttpMethod.Post, "/password/reset", body, withToken: false);
            Assert.True(answer.Status == HttpStatusCode.BadRequest, answer.Body);
        }

        // Before anything was asked for alice, and then after.
        for (var round = 0; round < 2; round++)
        {
            await RefusedAsync(new { password = NewPassword });
            await RefusedAsync(new { email = alice.Email, password = NewPassword });
            await RefusedAsync(new { email = alice.Email, code = (string?)null, password = NewPassword });
            await RefusedAsync(new { email = alice.Email, code = "", password = NewPassword });
            await RefusedAsync(new { code = resetBob.Code, password = NewPassword });
            await RefusedAsync(new { token = "", password = NewPassword });
            await RefusedAsync(new { token = (string?)null, password = NewPassword });
            await RefusedAsync(new { token = new string('A', 43), password = NewPassword });
            await RefusedAsync(new { token = verifyBob.Token, password = NewPassword });
            await RefusedAsync(new { token = verifyBob.Token, email = alice.Email, password = NewPassword });
            await RefusedAsync(new { token = verifyBob.Token, email = alice.Email, code = resetBob.Code, password = NewPassword });
            if (round == 0)
            {
                await RefusedAsync(new { email = alice.Email, code = resetBob.Code, password = NewPassword });
                await OtTokenTests.ForgotAsync(app, alice);
            }
        }

        Assert.Equal(before, await app.Database.ScalarAsync<string>("SELECT password_hash FROM accounts WHERE id = @Id", new { alice.Id }));
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        // The right secret with a password that may not be is not used up; used, it works no second time.
        await RefusedAsync(new { email = bob.Email, code = resetBob.Code, password = "short" });
        (await bob.PostAsync("/password/reset", new { email = bob.Email, code = resetBob.Code, password = NewPassword })).Expect(HttpStatusCode.OK);
        await RefusedAsync(new { email = bob.Email, code = resetBob.Code, password = NewPassword + "!" });
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_07_A_reset_ends_every_session_and_every_other_proof_and_its_owner_hears_of_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor().SignUpAsync()).SignInAsync();
        var other = app.NewActor();
        (other.Email, other.Password) = (alice.Email, alice.Password);
        await other.SignInAsync();
        var verify = (await app.MailsToAsync(alice.Email))[^1];
        var reset = await OtTokenTests.ForgotAsync(app, alice);
        (await app.NewActor().PostAsync("/password/reset", new { token = reset.Token, password = NewPassword })).Expect(HttpStatusCode.OK);

        foreach (var actor in new[] { alice, other })
        {
            (await actor.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
            (await actor.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        }

        (await alice.PostAsync("/password/reset", new { token = reset.Token, password = NewPassword })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await alice.PostAsync("/verify/confirm", new { token = verify.Token })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        Assert.Contains("password", (await app.LastMailToAsync(alice.Email)).Subject, StringComparison.OrdinalIgnoreCase);
        Assert.Empty((await app.LastMailToAsync(alice.Email)).Links);
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await alice.TrySignInAsync(NewPassword)).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_08_The_sixth_try_is_refused_even_if_it_is_right(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        var alice = await app.NewActor().SignUpAsync();
        var verify = (await app.LastMailToAsync(alice.Email)).Code!;
        var reset = (await OtTokenTests.ForgotAsync(app, alice)).Code!;
        for (var time = 0; time < 5; time++)
        {
            (await alice.PostAsync("/verify/confirm", new { email = alice.Email, code = Other(verify, time) })).Expect(HttpStatusCode.BadRequest, "invalid_token");
            (await alice.PostAsync("/password/reset", new { email = alice.Email, code = Other(reset, time), password = NewPassword })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        }

        (await alice.PostAsync("/verify/confirm", new { email = alice.Email, code = verify })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await alice.PostAsync("/password/reset", new { email = alice.Email, code = reset, password = NewPassword })).Expect(HttpStatusCode.BadRequest, "invalid_token");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_08_Twenty_parallel_guesses_count_as_twenty(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        var alice = await app.NewActor().SignUpAsync();
        var code = (await OtTokenTests.ForgotAsync(app, alice)).Code!;
        var answers = await Race.RunAsync(20, number => alice.SendAsync(HttpMethod.Post, "/password/reset", new { email = alice.Email, code = Other(code, number), password = NewPassword }, withToken: false));
        Assert.All(answers, answer => answer.Expect(HttpStatusCode.BadRequest, "invalid_token"));
        (await alice.PostAsync("/password/reset", new { email = alice.Email, code, password = NewPassword })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT code_tries_left FROM one_time_secrets WHERE purpose = 'reset-code'"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_08_At_most_three_codes_an_hour_so_fifteen_guesses(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        var alice = await app.NewActor().SignUpAsync();
        var before = (await app.MailsToAsync(alice.Email)).Count;
        for (var time = 0; time < 8; time++)
        {
            await OtTokenTests.ForgotAsync(app, alice);
        }

        Assert.Equal(3, (await app.MailsToAsync(alice.Email)).Count - before);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_09_Opening_a_link_consumes_nothing(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor().SignUpAsync();
        var (verify, reset) = (await app.LastMailToAsync(alice.Email), await OtTokenTests.ForgotAsync(app, alice));
        foreach (var link in new[] { verify, reset }.Select(mail => new Uri(mail.Links.Single()).PathAndQuery).Concat([$"/verify/confirm?token={verify.Token}", $"/password/reset?token={reset.Token}"]))
        {
            for (var time = 0; time < 10; time++)
            {
                await alice.GetAsync(link);
                await alice.SendAsync(HttpMethod.Head, link);
                await alice.SendAsync(HttpMethod.Options, link);
            }
        }

        (await alice.PostAsync("/verify/confirm", new { token = verify.Token })).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/password/reset", new { token = reset.Token, password = NewPassword })).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite]
    public async Task OT_10_An_opened_link_leaves_its_token_in_no_header_and_no_log(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, (":Logging:LogLevel:Default", "Trace"), (":Logging:LogLevel:Microsoft", "Trace"), (":Logging:LogLevel:Microsoft.Hosting.Lifetime", "Trace"));
        var alice = await app.NewActor().SignUpAsync();
        var (verify, reset) = (await app.LastMailToAsync(alice.Email), await OtTokenTests.ForgotAsync(app, alice));
        foreach (var mail in new[] { verify, reset })
        {
            var answer = await alice.GetAsync(new Uri(mail.Links.Single()).PathAndQuery);
            Assert.Equal("no-referrer", answer.Header("Referrer-Policy"));
            Assert.All(answer.Headers.Values.SelectMany(values => values), value => Assert.DoesNotContain(mail.Token, value, StringComparison.Ordinal));
            Assert.DoesNotContain(mail.Token, app.Logs.Text, StringComparison.Ordinal);
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_11_A_new_address_is_nobodys_until_it_has_proved_itself(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await (await app.NewActor().SignUpAsync()).VerifyAsync()).SignInAsync();
        var newEmail = "new-" + alice.Email;
        (await alice.PatchAsync("/users/me", new { email = newEmail })).Expect(HttpStatusCode.OK);
        Assert.Equal(alice.Email, (await alice.GetAsync("/users/me")).Member("email"));
        var notice = await app.LastMailToAsync(alice.Email);
        Assert.DoesNotContain(newEmail, notice.Text + notice.Html, StringComparison.Ordinal);
        Assert.Contains("/undo-email-change?token=", Assert.Single(notice.Links), StringComparison.Ordinal);

        var (toNew, toOld) = ((await app.MailsToAsync(newEmail)).Count, (await app.MailsToAsync(alice.Email)).Count);
        (await alice.PostAsync("/password/forgot", new { email = newEmail })).Expect(HttpStatusCode.Accepted);
        (await alice.PostAsync("/verify/send", new { email = newEmail })).Expect(HttpStatusCode.Accepted);
        (await alice.TrySignInAsync(login: newEmail)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        Assert.Equal((toNew, toOld), ((await app.MailsToAsync(newEmail)).Count, (await app.MailsToAsync(alice.Email)).Count));
        (await alice.PostAsync("/password/forgot", new { email = alice.Email })).Expect(HttpStatusCode.Accepted);
        Assert.Equal(toOld + 1, (await app.MailsToAsync(alice.Email)).Count);

        (await alice.PostAsync("/verify/confirm", new { token = (await app.LastMailToAsync(newEmail)).Token })).Expect(HttpStatusCode.OK);
        Assert.Equal(newEmail, (await alice.GetAsync("/users/me")).Member("email"));
        (await alice.TrySignInAsync(login: newEmail)).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_12_No_spelling_of_verified_in_a_body_verifies(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        var alice = await (await app.NewActor().SignUpAsync()).SignInAsync();
        var before = await app.DumpSettledAsync();
        foreach (var name in new[]
        {
            "is_verified", "isVerified", "IsVerified", "verified", "email_verified", "emailVerified", "EmailVerified", "email_verified_at", "emailVerifiedAt", "EMAIL_VERIFIED",
            "is_email_verified", "verified_email", "email.verified", "email[verified]", "__proto__", "constructor", "user", "account", "claims", "metadata", "status", "flags", "is_\\u0076erified",
        })
        {
            foreach (var value in new[] { "true", "\"true\"", "1", "\"2020-01-01T00:00:00Z\"", "{\"is_verified\":true}", "[true]" })
            {
                (await alice.PatchAsync("/users/me", $"{{\"given_name\":\"A\",\"{name}\":{value}}}")).ExpectProblem($"PATCH {name}={value}", HttpStatusCode.BadRequest);
                (await alice.PostAsync("/auth/signup", $"{{\"email\":\"x@example.org\",\"password\":\"{NewPassword}\",\"{name}\":{value}}}")).ExpectProblem($"sign-up {name}={value}", HttpStatusCode.BadRequest);
            }
        }

        Assert.Equal(before, await app.DumpSettledAsync());
        Assert.False((await alice.GetAsync("/users/me")).Json.GetProperty("is_verified").GetBoolean());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_13_Who_signed_up_with_somebody_elses_address_keeps_nothing_of_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var attacker = await (await app.NewActor("victim").SignUpAsync()).SignInAsync();
        (await attacker.PatchAsync("/users/me", new { email = "attacker@example.net" })).Expect(HttpStatusCode.OK);
        var foothold = await app.LastMailToAsync("attacker@example.net");

        var owner = app.NewActor();
        (await owner.PostAsync("/password/reset", new { token = (await OtTokenTests.ForgotAsync(app, attacker)).Token, password = NewPassword })).Expect(HttpStatusCode.OK);

        (await attacker.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await attacker.TryRefreshAsync()).Expect(HttpStatusCode.Unauthorized);
        (await attacker.TrySignInAsync()).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        (await attacker.PostAsync("/verify/confirm", new { token = foothold.Token })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        (await attacker.PostAsync("/verify/confirm", new { email = "attacker@example.net", code = foothold.Code })).Expect(HttpStatusCode.BadRequest, "invalid_token");
        owner.Email = attacker.Email;
        (await owner.TrySignInAsync(NewPassword)).Expect(HttpStatusCode.OK);
        Assert.True((await owner.GetAsync("/users/me")).Json.GetProperty("is_verified").GetBoolean());
    }

    /// <summary>A code that is not that one.</summary>
    private static string Other(string code, int number) => ((int.Parse(code, System.Globalization.CultureInfo.InvariantCulture) + 1 + number) % 1_000_000).ToString("D6", System.Globalization.CultureInfo.InvariantCulture);
}
