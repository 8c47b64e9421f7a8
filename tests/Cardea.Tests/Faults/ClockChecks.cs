using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Cardea.Tests.Security;
using static System.Net.HttpStatusCode;

namespace Cardea.Tests.Faults;

/// <summary>A wall clock that jumps, and two nodes whose clocks disagree.</summary>
public class ClockChecks
{
    /// <summary>What was used stays used, however often its hour comes again.</summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task RE_09_A_clock_that_jumps_back_and_forth_revives_nothing_that_was_used(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        var phone = await Authenticator.SetUpAsync(app, alice);
        var (totp, recovery) = (phone.NextCode(), phone.RecoveryCodes[0]);
        (await alice.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(alice), "totp", totp)).Expect(OK);
        (await alice.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(alice), "recovery_code", recovery)).Expect(OK);
        var refresh = alice.RefreshToken!;
        (await alice.TryRefreshAsync()).Expect(OK);
        (await alice.TryRefreshAsync()).Expect(OK);
        var bob = await (await (await app.NewActor("bob").SignUpAsync()).VerifyAsync()).SignInAsync();
        var link = await app.LinkAsync(bob);
        (await bob.TryLinkAsync(link)).Expect(OK);
        var ended = await app.NewActor().As(bob).SignInAsync();
        (await ended.PostAsync("/auth/logout")).Expect(OK);

        foreach (var jump in (TimeSpan[])[TimeSpan.FromHours(1), TimeSpan.FromHours(-2), TimeSpan.FromHours(1), TimeSpan.FromDays(-1), TimeSpan.FromDays(1)])
        {
            app.Clock.Advance(jump);
            var guesser = app.NewActor().As(alice);
            (await guesser.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(guesser), "totp", totp)).Expect(Unauthorized);
            (await guesser.TrySecondStepAsync(await FactorGuessChecks.FirstStepAsync(guesser), "recovery_code", recovery)).Expect(Unauthorized);
            (await app.NewActor().TryLinkAsync(link)).Expect(Unauthorized);
            (await ended.GetAsync("/users/me")).Expect(Unauthorized);
            (await ended.TryRefreshAsync()).Expect(Unauthorized);
            await app.Database.ExecuteAsync("DELETE FROM attempt_counters"); // so that no limit refuses in the code's place
        }

        (await app.NewActor().TryRefreshAsync(refresh)).Expect(Unauthorized);
        (await alice.TryRefreshAsync()).Expect(Unauthorized); // and that reuse has ended the session
    }

    /// <summary>The ten seconds in which an answer may be asked for again do not last until the clock is there again.</summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task RE_09_A_clock_that_is_set_back_by_an_hour_makes_no_old_refresh_token_good_for_that_hour(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var old = alice.RefreshToken!;
        (await alice.TryRefreshAsync()).Expect(OK);
        await app.PassAsync(TimeSpan.FromHours(-1));
        (await app.NewActor().TryRefreshAsync(old)).Expect(Unauthorized, "invalid_token");
        (await alice.TryRefreshAsync()).Expect(Unauthorized, "invalid_token");
    }

    /// <summary>What measures time goes on by itself: neither jump makes the server deaf, or its caches believed for ever.</summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task RE_09_A_server_whose_clock_jumps_goes_on_serving_and_mailing(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        foreach (var hours in (int[])[1, -1, -1, 1])
        {
            app.Clock.Advance(TimeSpan.FromHours(hours));
            var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
            (await alice.GetAsync("/users/me")).Expect(OK);
            (await alice.TryRefreshAsync()).Expect(OK);
            (await alice.PatchAsync("/users/me", new { given_name = "Zoë" })).Expect(OK);
            Assert.Equal("Zoë", (await alice.GetAsync("/users/me")).Member("given_name"));
            Assert.NotEmpty(await app.MailsToAsync(alice.Email));
            (await alice.PostAsync("/auth/logout")).Expect(OK);
            (await alice.GetAsync("/users/me")).Expect(Unauthorized);
        }
    }

    [Theory, OnPostgres(30), OnPostgres(-30)]
    public async Task RE_09_Nodes_half_a_minute_apart_take_each_others_tokens_codes_and_sessions(Engine engine, int seconds)
    {
        (string, string)[] settings = [("PublicUrl", "http://localhost:8099")];
        await using var here = await TestApp.StartAsync(engine, settings);
        var ahead = new ManualClock();
        ahead.Advance(TimeSpan.FromSeconds(seconds));
        await using var there = await TestApp.StartAsync(engine, here.Database, ahead, settings);
        var rounds = Scale.Of(3, 100);
        for (var round = 0; round < rounds; round++)
        {
            var alice = await (await here.NewActor("alice").SignUpAsync()).VerifyAsync();
            var twin = there.NewActor().As(alice);
            await twin.SignInAsync();
            (alice.AccessToken, alice.RefreshToken) = (twin.AccessToken, twin.RefreshToken);
            (await alice.GetAsync("/users/me")).Expect(OK);
            (await alice.TryRefreshAsync()).Expect(OK);
            (twin.AccessToken, twin.RefreshToken) = (alice.AccessToken, alice.RefreshToken);
            (await twin.GetAsync("/users/me")).Expect(OK);
            (await twin.TryRefreshAsync()).Expect(OK);
            (await here.NewActor().As(alice).TryCodeAsync(await there.CodeAsync(twin), alice.Email)).Expect(OK);
            var phone = await Authenticator.SetUpAsync(here, await here.NewActor().As(alice).SignInAsync());
            // The code that the phone shows next: this one was used to set it up. To a node that is behind it comes two steps early, which is too early.
            var (method, code) = seconds > 0 ? ("totp", phone.CodeAt(1)) : ("recovery_code", phone.RecoveryCodes[0]);
            var first = await FactorGuessChecks.FirstStepAsync(twin);
            var answer = await twin.TrySecondStepAsync(first, method, code);
            for (var tries = 0; answer.Status is not OK && tries < 5; tries++)
            {
                await Task.Delay(200); // what one node changed the other hears within a second, whatever their clocks say
                answer = await twin.TrySecondStepAsync(first, method, code);
            }

            answer.Expect(OK);
        }

        // And each takes what the other one rotated a moment ago as that, not as half a minute old or yet to come.
        var carol = await (await here.NewActor("carol").SignUpAsync()).SignInAsync();
        foreach (var (rotates, asks) in ((TestApp, TestApp)[])[(here, there), (there, here)])
        {
            var old = carol.RefreshToken!;
            var lost = await rotates.NewActor().SendAsync(HttpMethod.Post, "/auth/refresh", new { refresh_token = old }, withToken: false);
            var again = await asks.NewActor().SendAsync(HttpMethod.Post, "/auth/refresh", new { refresh_token = old }, withToken: false);
            Assert.Equal(lost.Expect(OK).Member("refresh_token"), again.Expect(OK).Member("refresh_token"));
            carol.RefreshToken = again.Member("refresh_token");
        }

        Scale.Measured("RE-09", $"two nodes {seconds:+0;-0} s apart, {rounds} rounds: 0 valid tokens or codes refused");
    }
}
