using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Cardea.Tests.Security;

namespace Cardea.Tests.Features.EmailCodes;

/// <summary>Signing in by six digits that were mailed.</summary>
public sealed class EmailCodeTests
{
    private const string NewPassword = "copper window bridge seven";

    [Theory, OnSqlite, OnPostgres]
    public async Task A_mailed_code_signs_in_once_and_proves_the_address(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var code = await app.CodeAsync(alice);
        var tokens = (await alice.TryCodeAsync(code)).Expect(HttpStatusCode.OK);
        Assert.Equal(["otp"], Mailed.Amr(tokens));
        Assert.True(tokens.Json.GetProperty("user").GetProperty("is_verified").GetBoolean());
        (await alice.TryCodeAsync(code)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_03_OT_04_A_code_lives_ten_minutes_and_a_newer_one_or_a_new_password_voids_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        var late = await app.CodeAsync(alice);
        app.Clock.Advance(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(1));
        (await alice.TryCodeAsync(late)).Expect(HttpStatusCode.Unauthorized, "invalid_code");

        var (older, newer) = (await app.CodeAsync(alice), await app.CodeAsync(alice));
        if (older != newer)
        {
            (await alice.TryCodeAsync(older)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        }

        app.Clock.Advance(TimeSpan.FromMinutes(9));
        (await alice.TryCodeAsync(newer)).Expect(HttpStatusCode.OK);

        app.Clock.Advance(TimeSpan.FromHours(1));
        var (code, link) = (await app.CodeAsync(alice), await app.LinkAsync(alice));
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        (await alice.PostAsync("/password/change", new { current_password = alice.Password, new_password = NewPassword })).Expect(HttpStatusCode.OK);
        (await alice.TryCodeAsync(code)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        (await alice.TryLinkAsync(link)).Expect(HttpStatusCode.Unauthorized, "invalid_token");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_08_The_sixth_try_is_refused_even_if_it_is_right_and_twenty_at_once_count_as_twenty(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, bob) = (await app.NewActor("alice").SignUpAsync(), await app.NewActor("bob").SignUpAsync());
        var (toAlice, toBob) = (await app.CodeAsync(alice), await app.CodeAsync(bob));
        for (var time = 0; time < 5; time++)
        {
            (await alice.TryCodeAsync(Mailed.Other(toAlice, time))).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        }

        (await alice.TryCodeAsync(toAlice)).Expect(HttpStatusCode.Unauthorized, "invalid_code");

        var answers = await Race.RunAsync(20, number => bob.TryCodeAsync(Mailed.Other(toBob, number)));
        Assert.Equal(10, answers.Count(answer => answer.Code == "invalid_code")); // and ten were not looked at
        Assert.Equal(10, answers.Count(answer => answer.Code == "too_many_requests"));
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT code_tries_left FROM one_time_secrets WHERE purpose = 'sign-in-code' AND account_id = @Id", new { bob.Id }));
        app.Clock.Advance(TimeSpan.FromMinutes(9)); // the code still lives
        Assert.NotEqual(HttpStatusCode.OK, (await bob.TryCodeAsync(toBob)).Status);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_06_BF_05_A_new_code_begins_no_new_count_and_no_other_way_in_is_shut(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        var stranger = app.NewActor("stranger");
        for (var code = 0; code < 2; code++)
        {
            var right = await app.CodeAsync(alice);
            for (var time = 0; time < 5; time++)
            {
                (await stranger.TryCodeAsync(Mailed.Other(right, time), alice.Email)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
            }
        }

        var third = await app.CodeAsync(alice);
        var refused = (await stranger.TryCodeAsync(third, alice.Email.ToUpperInvariant())).Expect(HttpStatusCode.TooManyRequests, "too_many_requests");
        Assert.Equal("900", refused.Header("Retry-After"));
        // The owner's own device has tries of its own, and the password, the link and the living session are as they were.
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        (await alice.TryCodeAsync(third)).Expect(HttpStatusCode.OK);
        (await stranger.TryLinkAsync(await app.LinkAsync(alice))).Expect(HttpStatusCode.OK);
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_04_A_hundred_failures_end_the_codes_until_a_new_password_is_set(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).VerifyAsync();
        var stranger = app.NewActor("stranger");
        await app.CodeAsync(alice);
        for (var failure = 0; failure < 100; failure++)
        {
            (await stranger.TryCodeAsync("000000", alice.Email)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
            app.Clock.Advance(TimeSpan.FromHours(25));
        }

        app.Clock.Advance(TimeSpan.FromDays(400));
        (await stranger.TryCodeAsync(await app.CodeAsync(alice), alice.Email)).Expect(HttpStatusCode.TooManyRequests);
        (await alice.PostAsync("/password/reset", new { token = (await OtTokenTests.ForgotAsync(app, alice)).Token, password = NewPassword })).Expect(HttpStatusCode.OK);
        (await stranger.TryCodeAsync(await app.CodeAsync(alice), alice.Email)).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task EN_01_Guesses_at_an_unknown_address_look_the_same_up_to_the_refusal_to_look(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var known = await (await app.NewActor("known").SignUpAsync()).VerifyAsync();
        var disabled = await app.NewActor("disabled").SignUpAsync();
        await app.DisableAsync(disabled);
        await app.CodeAsync(known);
        var stranger = app.NewActor("stranger");
        for (var time = 0; time < 12; time++)
        {
            var answers = new List<string>();
            foreach (var email in new[] { known.Email, disabled.Email, "nobody@example.org" })
            {
                var answer = await stranger.TryCodeAsync("000000", email);
                Assert.Equal(time < 10 ? HttpStatusCode.Unauthorized : HttpStatusCode.TooManyRequests, answer.Status);
                answers.Add($"{answer.Status} {answer.Body} {answer.Header("Set-Cookie")} {answer.Header("Retry-After")}");
            }

            Assert.Single(answers.Distinct());
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Where_only_the_session_limit_stands_in_the_way_the_same_code_and_link_still_work(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Sessions:MaxPerAccount", "1"));
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        var elsewhere = app.NewActor("elsewhere");
        var code = await app.CodeAsync(alice);
        (await elsewhere.TryCodeAsync(code, alice.Email)).Expect(HttpStatusCode.Conflict, "session_active");
        (await elsewhere.TryCodeAsync(code, alice.Email, replace: true)).Expect(HttpStatusCode.OK);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await elsewhere.TryCodeAsync(code, alice.Email, replace: true)).Expect(HttpStatusCode.Unauthorized, "invalid_code");

        var link = await app.LinkAsync(alice);
        (await elsewhere.TryLinkAsync(link)).Expect(HttpStatusCode.Conflict, "session_active");
        (await elsewhere.TryLinkAsync(link, replace: true)).Expect(HttpStatusCode.OK);
        (await elsewhere.TryLinkAsync(link, replace: true)).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task MF_05_OT_06_Neither_a_code_nor_a_link_nor_a_reset_goes_past_the_second_factor(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        var phone = await Authenticator.SetUpAsync(app, alice);
        var elsewhere = app.NewActor("elsewhere");
        elsewhere.Email = alice.Email;
        foreach (var first in new[] { await elsewhere.TryCodeAsync(await app.CodeAsync(alice)), await elsewhere.TryLinkAsync(await app.LinkAsync(alice)) })
        {
            first.Expect(HttpStatusCode.Forbidden, "mfa_required");
            Assert.DoesNotContain("email_code", first.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("access_token", first.Body, StringComparison.Ordinal);
            Assert.Equal(["otp", "mfa"], Mailed.Amr((await elsewhere.TrySecondStepAsync(first, "totp", phone.NextCode())).Expect(HttpStatusCode.OK)));
        }

        var reset = await OtTokenTests.ForgotAsync(app, alice);
        var done = (await elsewhere.PostAsync("/password/reset", new { token = reset.Token, password = NewPassword })).Expect(HttpStatusCode.OK);
        Assert.DoesNotContain("token", done.Body, StringComparison.Ordinal);
        var next = (await elsewhere.TrySignInAsync(NewPassword)).Expect(HttpStatusCode.Forbidden, "mfa_required");
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions"));
        (await elsewhere.TrySecondStepAsync(next, "totp", phone.NextCode())).Expect(HttpStatusCode.OK);
        (await elsewhere.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }
}
