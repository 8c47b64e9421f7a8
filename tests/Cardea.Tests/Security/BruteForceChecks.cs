using System.Globalization;
using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Guesses at a password, and that its owner isn't shut out by them.</summary>
public sealed class BruteForceChecks
{
    /// <summary>So many failures in a row are free; the next try waits.</summary>
    private const int Free = 10;

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_01_Guesses_count_on_the_account_however_it_is_spelled(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = app.NewActor("alice");
        (alice.Email, alice.Username) = ($"{alice.Name}@bücher.example", "Alice.B");
        await alice.SignUpAsync();
        var guesser = app.NewActor();
        string[] spellings =
        [
            alice.Email, alice.Email.ToUpperInvariant(), $"{alice.Name}@xn--bcher-kva.example", $"{alice.Name}@BÜCHER.example", $"{alice.Name}@bu\u0308cher.example",
            "Alice.B", "alice.b", "ALICE.B", "aLiCe.B", "alice.B",
        ];
        Assert.Equal(Free, spellings.Length);
        foreach (var spelling in spellings)
        {
            (await guesser.TrySignInAsync("a guess", login: spelling)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        }

        Assert.Equal(Free, await FailuresAsync(app, alice, "anybody"));
        foreach (var spelling in spellings)
        {
            (await guesser.TrySignInAsync(alice.Password, login: spelling)).Expect(HttpStatusCode.TooManyRequests, "too_many_requests");
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_02_A_hundred_parallel_guesses_count_as_a_hundred(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var guesser = app.NewActor();
        using var hashes = new HashesBegun(app);
        var answers = await Race.RunAsync(100, number => guesser.TrySignInAsync("guess " + number, login: alice.Email));

        Assert.Equal(Free, answers.Count(answer => answer.Status is HttpStatusCode.Unauthorized));
        Assert.Equal(100 - Free, answers.Count(answer => answer.Status is HttpStatusCode.TooManyRequests));
        Assert.Equal(Free, hashes.Count);
        Assert.Equal(Free, await FailuresAsync(app, alice, "anybody"));
        var right = (await guesser.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.TooManyRequests, "too_many_requests");
        Assert.InRange(int.Parse(right.Header("Retry-After")!, CultureInfo.InvariantCulture), 1, 30);
        Assert.Equal(Free, hashes.Count);

        app.Clock.Advance(TimeSpan.FromSeconds(31));
        (await guesser.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.OK);
        Assert.Empty(await app.Database.QueryAsync<long>($"SELECT failures FROM attempt_counters WHERE key LIKE 'password:{alice.Id}:anybody'")); // only failures in a row count
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_03_A_restart_forgets_no_guess(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        var clock = new ManualClock();
        string email, password;
        await using (var before = await TestApp.StartAsync(engine, database, clock))
        {
            var alice = await before.NewActor("alice").SignUpAsync();
            (email, password) = (alice.Email, alice.Password);
            for (var guess = 0; guess < Free; guess++)
            {
                (await before.NewActor().TrySignInAsync("guess " + guess, login: email)).Expect(HttpStatusCode.Unauthorized);
            }
        }

        await using var after = await TestApp.StartAsync(engine, database, clock);
        (await after.NewActor().TrySignInAsync(password, login: email)).Expect(HttpStatusCode.TooManyRequests, "too_many_requests");
        clock.Advance(TimeSpan.FromSeconds(31));
        (await after.NewActor().TrySignInAsync("another guess", login: email)).Expect(HttpStatusCode.Unauthorized);
        (await after.NewActor().TrySignInAsync(password, login: email)).Expect(HttpStatusCode.TooManyRequests, "too_many_requests");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_04_After_a_hundred_failures_in_a_row_time_alone_opens_nothing_and_a_reset_does(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var guesser = app.NewActor();
        var waits = new List<int>();
        for (var failure = 1; failure <= 100; failure++)
        {
            (await guesser.TrySignInAsync("guess " + failure, login: alice.Email)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
            if (failure < Free)
            {
                continue;
            }

            var refused = (await guesser.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.TooManyRequests);
            waits.Add(int.Parse(refused.Header("Retry-After")!, CultureInfo.InvariantCulture));
            if (failure < 100)
            {
                app.Clock.Advance(TimeSpan.FromSeconds(waits[^1] + 1));
            }
        }

        // Longer and longer, up to an hour; a second is lost between the guess and the question.
        Assert.InRange(waits[0], 20, 30);
        Assert.All(waits.Zip(waits.Skip(1)), pair => Assert.True(pair.Second > pair.First || pair.Second >= 3590, $"{pair}"));
        Assert.All(waits.SkipLast(1), wait => Assert.InRange(wait, 1, 3600));

        for (var month = 0; month < 3; month++)
        {
            app.Clock.Advance(TimeSpan.FromDays(31));
            await app.PurgeAsync();
            (await guesser.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.TooManyRequests, "too_many_requests");
        }

        await guesser.PostAsync("/password/forgot", new { email = alice.Email });
        alice.Password = "brass otter window seven";
        (await guesser.PostAsync("/password/reset", new { token = (await app.LastMailToAsync(alice.Email)).Token, password = alice.Password })).Expect(HttpStatusCode.OK);
        (await guesser.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_05_Guesses_from_elsewhere_shut_out_neither_the_owners_devices_nor_sessions_nor_the_reset_link(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        await alice.PostAsync("/password/forgot", new { email = alice.Email });
        var guesser = app.NewActor("guesser");
        await ExhaustAsync(guesser, alice);
        (await guesser.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.TooManyRequests);

        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        (await alice.TryRefreshAsync()).Expect(HttpStatusCode.OK);

        // The same place without the cookie: its own allowance, which doesn't use up the browser's either.
        var samePlace = app.NewActor();
        samePlace.UserAgent = alice.UserAgent;
        (await samePlace.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.OK);
        var imitator = app.NewActor();
        imitator.UserAgent = alice.UserAgent;
        await ExhaustAsync(imitator, alice);
        (await imitator.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.TooManyRequests);

        // The browser is known by its cookie, also after an update that gave it another user agent.
        alice.UserAgent += " updated";
        await alice.SignInAsync();

        // A cookie of another account is none of this one's, and one that was made up is nobody's.
        var bob = await (await app.NewActor("bob").SignUpAsync()).SignInAsync();
        (await bob.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.TooManyRequests);

        (await guesser.PostAsync("/password/reset", new { token = (await app.MailsToAsync(alice.Email)).First(mail => mail.Links is [var link] && link.Contains("/reset-password", StringComparison.Ordinal)).Token, password = "brass otter window seven" })).Expect(HttpStatusCode.OK);
        (await guesser.TrySignInAsync("brass otter window seven", login: alice.Email)).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_12_Guesses_count_together_on_all_nodes(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        await using var node = await app.StartNodeAsync();
        var alice = await app.NewActor("alice").SignUpAsync();
        Actor[] guessers = [app.NewActor(), node.NewActor()];
        var answers = await Race.RunAsync(60, number => guessers[number % 2].TrySignInAsync("guess " + number, login: alice.Email));
        Assert.Equal(Free, answers.Count(answer => answer.Status is HttpStatusCode.Unauthorized));
        Assert.Equal(60 - Free, answers.Count(answer => answer.Status is HttpStatusCode.TooManyRequests));
        Assert.Equal(Free, await FailuresAsync(app, alice, "anybody"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_13_One_address_that_tries_a_thousand_accounts_once_each_is_throttled_and_the_audit_shows_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("TrustedProxies", "127.0.0.1"));
        var alice = await app.NewActor("alice").SignUpAsync();
        var stuffer = app.NewActor();
        Task<Answer> Try(string login, string password, string from) => stuffer.SendAsync(
            HttpMethod.Post, "/auth/login", new { login, password }, change: request => request.Headers.Add("X-Forwarded-For", from));
        var answers = new Answer[1000];
        await Parallel.ForAsync(0, answers.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, _) =>
            answers[number] = await Try($"customer{number}@example.org", "a leaked password", "203.0.113.9"));

        Assert.Equal(600, answers.Count(answer => answer.Status is HttpStatusCode.Unauthorized));
        Assert.Equal(400, answers.Count(answer => answer is { Status: HttpStatusCode.TooManyRequests, Code: "too_many_requests" } && answer.Header("Retry-After") is not null));
        Assert.Equal(
            ["""{"times":1}""", """{"times":10}""", """{"times":100}"""],
            await app.Database.QueryAsync<string>("SELECT detail FROM audit_events WHERE event = 'sign_in.throttled' AND address = '203.0.113.9' ORDER BY length(detail)"));
        Assert.Equal(600, await app.Database.ScalarAsync<long>("SELECT count(*) FROM audit_events WHERE event = 'sign_in.failed' AND address = '203.0.113.9'"));
        (await Try(alice.Email, alice.Password, "203.0.113.9")).Expect(HttpStatusCode.TooManyRequests);
        (await Try(alice.Email, alice.Password, "203.0.113.10")).Expect(HttpStatusCode.OK);
    }

    private static async Task ExhaustAsync(Actor guesser, Actor victim)
    {
        for (var guess = 0; guess < Free; guess++)
        {
            (await guesser.TrySignInAsync("guess " + guess, login: victim.Email)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");
        }
    }

    private static Task<long> FailuresAsync(TestApp app, Actor actor, string whose) =>
        app.Database.ScalarAsync<long>("SELECT failures FROM attempt_counters WHERE key = @key", new { key = $"password:{actor.Id}:{whose}" });
}
