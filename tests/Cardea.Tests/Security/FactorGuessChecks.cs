using System.Globalization;
using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Features.SecondSteps;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Guesses at a second step: they count on the account, whatever flow they come by, and shut its owner out of nothing else.</summary>
public sealed class FactorGuessChecks
{
    /// <summary>So many failures in a row are free; the next try waits.</summary>
    private const int Free = 10;

    [Theory, OnSqlite, OnPostgres]
    public async Task MF_02_A_code_works_once_and_neither_again_nor_an_older_one_after_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
        async Task<HttpStatusCode> TryAsync(string code)
        {
            var status = (await alice.TrySecondStepAsync(await FirstStepAsync(alice), "totp", code)).Status;
            await ForgetGuessesAsync(app); // how many there may be is another check
            return status;
        }

        // The code that set it up is used up as well.
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(phone.CodeAt(0)));
        app.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(phone.CodeAt(-2)));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(phone.CodeAt(2)));
        var (previous, current, next) = (phone.CodeAt(-1), phone.CodeAt(0), phone.CodeAt(1));
        Assert.Equal(HttpStatusCode.OK, await TryAsync(current));
        for (var again = 0; again < 20; again++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(current));
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(previous));
        app.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(current));
        // A living session that confirms itself takes none of them either.
        (await alice.PostAsync("/auth/reauthenticate", new { code = current })).Expect(HttpStatusCode.Unauthorized);
        Assert.Equal(HttpStatusCode.OK, await TryAsync(next));

        // A clock that goes back revives nothing.
        app.Clock.Advance(TimeSpan.FromMinutes(-2));
        foreach (var offset in new[] { -1, 0, 1 })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(phone.CodeAt(offset)));
        }

        app.Clock.Advance(TimeSpan.FromMinutes(3));
        var ahead = phone.CodeAt(1);
        Assert.Equal(HttpStatusCode.OK, await TryAsync(ahead)); // one step ahead, and used up for when its time comes
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(phone.CodeAt(0)));
        app.Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(HttpStatusCode.Unauthorized, await TryAsync(ahead));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_06_A_new_sign_in_gives_no_new_tries_and_the_other_ways_stay_open(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
        var guesser = app.NewActor("guesser").As(alice);
        for (var guess = 0; guess < Free; guess++)
        {
            var first = await FirstStepAsync(guesser); // the right password each time, which resets nothing
            (await guesser.TrySecondStepAsync(first, "totp", phone.WrongCode())).Expect(HttpStatusCode.Unauthorized, "invalid_code");
        }

        var eleventh = (await guesser.TrySecondStepAsync(await FirstStepAsync(guesser), "totp", phone.NextCode())).Expect(HttpStatusCode.TooManyRequests, "too_many_requests");
        Assert.InRange(int.Parse(eleventh.Header("Retry-After")!, CultureInfo.InvariantCulture), 800, 900);
        // On the page it is the same counter; a living session has its own.
        var page = new PageActor(app);
        await page.TrySignInAsync(alice);
        (await page.PostAsync("/login/second-step", ("method", "totp"), ("code", phone.CodeAt(0)))).Expect(HttpStatusCode.TooManyRequests);
        (await alice.PostAsync("/auth/reauthenticate", new { code = phone.CodeAt(0) })).Expect(HttpStatusCode.OK);

        // BF-05: what the guesser can't reach goes on, and another factor opens.
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        (await alice.TrySecondStepAsync(await FirstStepAsync(alice), "recovery_code", phone.RecoveryCodes[0])).Expect(HttpStatusCode.OK);
        (await alice.TrySecondStepAsync(await FirstStepAsync(alice), "totp", phone.NextCode())).Expect(HttpStatusCode.TooManyRequests); // and did not open the first

        app.Clock.Advance(TimeSpan.FromMinutes(15));
        (await alice.TrySecondStepAsync(await FirstStepAsync(alice), "totp", phone.NextCode())).Expect(HttpStatusCode.OK);
        (await alice.TrySecondStepAsync(await FirstStepAsync(alice), "totp", phone.WrongCode())).Expect(HttpStatusCode.Unauthorized); // only failures in a row count
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task MF_03_A_hundred_parallel_guesses_count_as_ten_and_a_restart_forgets_none(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        var clock = new ManualClock();
        var owner = default(Actor)!;
        string code;
        await using (var before = await TestApp.StartAsync(engine, database, clock))
        {
            (owner, var phone) = await SecondStepPagesTests.WithAppAsync(before);
            var guesser = before.NewActor("guesser").As(owner);
            var first = await FirstStepAsync(guesser);
            var wrong = phone.WrongCode();
            var answers = await Race.RunAsync(100, _ => guesser.TrySecondStepAsync(first, "totp", wrong));
            Assert.Equal(Free, answers.Count(answer => answer.Status is HttpStatusCode.Unauthorized));
            Assert.Equal(100 - Free, answers.Count(answer => answer.Status is HttpStatusCode.TooManyRequests));
            code = phone.NextCode();
        }

        await using var after = await TestApp.StartAsync(engine, database, clock);
        var again = after.NewActor("again").As(owner);
        (await again.TrySecondStepAsync(await FirstStepAsync(again), "totp", code)).Expect(HttpStatusCode.TooManyRequests);
        // Neither does a new password give new tries: who has the mailbox has not the phone.
        await again.PostAsync("/password/forgot", new { email = owner.Email });
        again.Password = "brass otter window seven";
        (await again.PostAsync("/password/reset", new { token = (await after.LastMailToAsync(owner.Email)).Token, password = again.Password })).Expect(HttpStatusCode.OK);
        (await again.TrySecondStepAsync(await FirstStepAsync(again), "totp", code)).Expect(HttpStatusCode.TooManyRequests);
    }

    [Theory, OnSqlite("totp"), OnPostgres("totp"), OnSqlite("recovery_code")]
    public async Task BF_04_After_a_hundred_failures_in_a_row_time_alone_opens_nothing_and_setting_it_up_anew_does(Engine engine, string method)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
        var guesser = app.NewActor("guesser").As(alice);
        var (wrong, right) = method == "totp" ? ("", "") : ("aaaa-aaaa-aaaa-aaaa", phone.RecoveryCodes[1]);
        var waits = new List<int>();
        for (var failure = 1; failure <= 100; failure++)
        {
            var step = await FirstStepAsync(guesser);
            (await guesser.TrySecondStepAsync(step, method, method == "totp" ? phone.WrongCode() : wrong)).Expect(HttpStatusCode.Unauthorized, "invalid_code");
            if (failure >= Free)
            {
                var refused = (await guesser.TrySecondStepAsync(step, method, method == "totp" ? phone.CodeAt(0) : right)).Expect(HttpStatusCode.TooManyRequests);
                waits.Add(int.Parse(refused.Header("Retry-After")!, CultureInfo.InvariantCulture));
                app.Clock.Advance(failure < 100 ? TimeSpan.FromSeconds(waits[^1] + 1) : TimeSpan.Zero);
            }
        }

        Assert.InRange(waits[0], 880, 900);
        Assert.All(waits.Zip(waits.Skip(1)), pair => Assert.True(pair.Second > pair.First || pair.Second >= 86_390, $"{pair}"));
        // On the first day no more than 17 tries, each of which hits one of three codes in a million: under one in 10,000.
        Assert.InRange(Free + waits.Select((_, number) => waits.Take(number + 1).Sum(wait => (long)wait)).Count(sum => sum < 86_400), Free, 19);

        app.Clock.Advance(TimeSpan.FromDays(400));
        await app.PurgeAsync();
        (await guesser.TrySecondStepAsync(await FirstStepAsync(guesser), method, method == "totp" ? phone.NextCode() : right)).Expect(HttpStatusCode.TooManyRequests);

        var (other, proof) = method == "totp" ? ("recovery_code", phone.RecoveryCodes[0]) : ("totp", phone.NextCode());
        (await alice.TrySecondStepAsync(await FirstStepAsync(alice), other, proof)).Expect(HttpStatusCode.OK);
        if (method == "totp")
        {
            (await alice.DeleteAsync("/users/me/totp")).Expect(HttpStatusCode.OK);
            phone = await Authenticator.SetUpAsync(app, alice);
            (await alice.TrySecondStepAsync(await FirstStepAsync(alice), "totp", phone.NextCode())).Expect(HttpStatusCode.OK);
        }
        else
        {
            var renewed = (await alice.PostAsync("/users/me/recovery-codes")).Expect(HttpStatusCode.Created).Json.GetProperty("recovery_codes")[0].GetString()!;
            (await alice.TrySecondStepAsync(await FirstStepAsync(alice), "recovery_code", renewed)).Expect(HttpStatusCode.OK);
        }
    }

    /// <summary>What is shut is what was guessed at, on each path that leads to it, and nothing else.</summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task BF_07_What_is_throttled_is_throttled_on_every_path_and_nothing_else_is(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var table = new (string Guessed, string[] Shut)[]
        {
            ("password", ["password", "password, page"]),
            ("totp", ["totp", "totp, page"]),
            ("recovery_code", ["recovery code", "recovery code, page"]),
            ("current password", ["password of a living session"]),
            ("totp of a living session", ["totp of a living session"]),
        };
        foreach (var (guessed, shut) in table)
        {
            var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
            var elsewhere = app.NewActor("elsewhere").As(alice);
            var waiting = (Json: await FirstStepAsync(elsewhere), Page: new PageActor(app) { UserAgent = "waiting" });
            await waiting.Page.TrySignInAsync(alice);
            for (var guess = 0; guess < Free; guess++)
            {
                (await (guessed switch
                {
                    "password" => elsewhere.TrySignInAsync("a guess"),
                    "totp" => elsewhere.TrySecondStepAsync(waiting.Json, "totp", phone.WrongCode()),
                    "recovery_code" => elsewhere.TrySecondStepAsync(waiting.Json, "recovery_code", "aaaa-aaaa-aaaa-aaaa"),
                    "current password" => alice.PostAsync("/auth/reauthenticate", new { password = "a guess" }),
                    _ => alice.PostAsync("/auth/reauthenticate", new { code = phone.WrongCode() }),
                })).Expect(guessed == "current password" ? HttpStatusCode.Forbidden : HttpStatusCode.Unauthorized);
            }

            // Each in its turn, the ways that use up what the next ones need last.
            var tries = new (string Path, Func<Task<HttpStatusCode>> TryAsync)[]
            {
                ("password", async () => (await elsewhere.TrySignInAsync()).Status),
                ("password, page", async () => (await new PageActor(app) { UserAgent = elsewhere.UserAgent }.TrySignInAsync(alice)).Status),
                ("refresh", async () => (await alice.TryRefreshAsync()).Status),
                ("password of a living session", async () => (await alice.PostAsync("/auth/reauthenticate", new { password = alice.Password })).Status),
                ("totp of a living session", async () => (await alice.PostAsync("/auth/reauthenticate", new { code = phone.NextCode() })).Status),
                ("recovery code of a living session", async () => (await alice.PostAsync("/auth/reauthenticate", new { code = phone.RecoveryCodes[0] })).Status),
                ("totp, page", async () => (await waiting.Page.Copy().PostAsync("/login/second-step", ("method", "totp"), ("code", phone.NextCode()))).Status),
                ("totp", async () => (await elsewhere.TrySecondStepAsync(waiting.Json, "totp", phone.NextCode())).Status),
            };
            foreach (var (path, tryAsync) in tries)
            {
                var status = await tryAsync();
                Assert.True((status is HttpStatusCode.TooManyRequests) == shut.Contains(path), $"{guessed} guessed: {path} answers {(int)status}");
            }

            if (guessed == "recovery_code")
            {
                (await waiting.Page.PostAsync("/login/second-step", ("method", "recovery_code"), ("code", phone.RecoveryCodes[1]))).Expect(HttpStatusCode.SeeOther); // the app's code finished it
                var late = new PageActor(app) { UserAgent = "late" };
                await late.TrySignInAsync(alice);
                (await late.PostAsync("/login/second-step", ("method", "recovery_code"), ("code", phone.RecoveryCodes[1]))).Expect(HttpStatusCode.TooManyRequests);
                (await elsewhere.TrySecondStepAsync(await FirstStepAsync(elsewhere), "recovery_code", phone.RecoveryCodes[1])).Expect(HttpStatusCode.TooManyRequests);
            }
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_06_Guesses_inside_a_stolen_session_shut_its_owner_out_of_nothing_and_end_at_twenty(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (thief, phone) = await SecondStepPagesTests.WithAppAsync(app);
        var owner = app.NewActor("owner").As(thief);
        (await owner.TrySecondStepAsync(await FirstStepAsync(owner), "totp", phone.NextCode())).Expect(HttpStatusCode.OK);
        var looked = 0;
        for (var day = 0; day < 14; day++)
        {
            var today = 0;
            for (var hour = 0; hour < 24; hour++)
            {
                while ((await thief.PostAsync("/auth/reauthenticate", new { code = phone.WrongCode() })).Status is HttpStatusCode.Unauthorized)
                {
                    today++;
                }

                app.Clock.Advance(TimeSpan.FromHours(1));
                (await thief.TryRefreshAsync()).Expect(HttpStatusCode.OK);
            }

            Assert.InRange(today, 0, 14);
            looked += today;
            (await owner.TryRefreshAsync()).Expect(HttpStatusCode.OK);
            if (day == 0)
            {
                (await owner.TrySecondStepAsync(await FirstStepAsync(owner), "totp", phone.NextCode())).Expect(HttpStatusCode.OK);
            }
        }

        Assert.Equal(20, looked);
        (await thief.PostAsync("/auth/reauthenticate", new { code = phone.NextCode() })).Expect(HttpStatusCode.TooManyRequests);
        (await owner.PostAsync("/auth/reauthenticate", new { code = phone.NextCode() })).Expect(HttpStatusCode.OK);
        (await thief.PostAsync("/auth/reauthenticate", new { code = phone.NextCode() })).Expect(HttpStatusCode.TooManyRequests);
        (await owner.TrySecondStepAsync(await FirstStepAsync(owner), "totp", phone.NextCode())).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_04_Many_sessions_together_have_a_bound_and_a_try_that_is_turned_away_by_it_costs_a_session_nothing(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
        var sessions = new List<Actor>();
        for (var number = 0; number < 4; number++)
        {
            var session = app.NewActor("session").As(alice);
            (await session.TrySecondStepAsync(await FirstStepAsync(session), "totp", phone.NextCode())).Expect(HttpStatusCode.OK);
            sessions.Add(session);
        }

        var looked = 0;
        foreach (var session in sessions)
        {
            for (var guess = 0; guess < Free; guess++)
            {
                looked += (await session.PostAsync("/auth/reauthenticate", new { code = phone.WrongCode() })).Status is HttpStatusCode.Unauthorized ? 1 : 0;
            }
        }

        Assert.Equal(21, looked);
        (await sessions[3].PostAsync("/auth/reauthenticate", new { code = phone.NextCode() })).Expect(HttpStatusCode.TooManyRequests);
        app.Clock.Advance(TimeSpan.FromHours(1));
        (await sessions[3].TryRefreshAsync()).Expect(HttpStatusCode.OK);
        (await sessions[3].PostAsync("/auth/reauthenticate", new { code = phone.NextCode() })).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_04_A_new_password_by_mail_forgets_what_was_guessed_in_sessions_that_it_ends_and_a_changed_one_nothing(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var (alice, phone) = await SecondStepPagesTests.WithAppAsync(app);
        var sessions = new List<Actor> { alice };
        for (var number = 0; number < 2; number++)
        {
            sessions.Add(await SignInAsync());
        }

        foreach (var session in sessions)
        {
            for (var guess = 0; guess < Free; guess++)
            {
                await session.PostAsync("/auth/reauthenticate", new { code = phone.WrongCode() });
            }
        }

        (await alice.PostAsync("/password/change", new { current_password = alice.Password, new_password = "copper window bridge seven" })).Expect(HttpStatusCode.OK);
        alice.Password = "copper window bridge seven";
        Assert.Equal(HttpStatusCode.TooManyRequests, await ConfirmAsync(alice));
        Assert.Equal(HttpStatusCode.TooManyRequests, await ConfirmAsync(await SignInAsync()));

        var token = (await OtTokenTests.ForgotAsync(app, alice)).Token;
        alice.Password = "seven maple kettles sing";
        (await alice.PostAsync("/password/reset", new { token, password = alice.Password })).Expect(HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.OK, await ConfirmAsync(await SignInAsync()));

        async Task<Actor> SignInAsync()
        {
            var session = app.NewActor("session").As(alice);
            (await session.TrySecondStepAsync(await FirstStepAsync(session), "totp", phone.NextCode())).Expect(HttpStatusCode.OK);
            return session;
        }

        async Task<HttpStatusCode> ConfirmAsync(Actor session) => (await session.PostAsync("/auth/reauthenticate", new { code = phone.NextCode() })).Status;
    }

    /// <summary>The right password, and what is asked for then.</summary>
    internal static async Task<Answer> FirstStepAsync(Actor actor) => (await actor.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required");

    private static Task ForgetGuessesAsync(TestApp app) => app.Database.ExecuteAsync("DELETE FROM attempt_counters WHERE key LIKE 'factor:%'");
}
