using System.Net;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>What is remembered about strangers is bounded, and a locked account isn't forgotten for it.</summary>
[Collection(nameof(TimingChecks))] // alone, since it weighs the whole process
public sealed class LimiterMemoryChecks
{
    [Theory, OnSqlite, OnPostgres]
    public async Task BF_11_Old_guesses_are_thrown_away_and_an_account_that_is_locked_stays_locked(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var guesser = app.NewActor();
        for (var failure = 1; failure <= 100; failure++)
        {
            (await guesser.TrySignInAsync("guess " + failure, login: alice.Email)).Expect(HttpStatusCode.Unauthorized);
            app.Clock.Advance(TimeSpan.FromMinutes(61));
        }

        await Parallel.ForAsync(0, 550, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (number, _) => // more than one batch of the purge
            (await guesser.TrySignInAsync("a guess", login: $"nobody{number}@example.org")).Expect(HttpStatusCode.Unauthorized));
        await app.PurgeAsync();
        Assert.Equal(551, await app.Database.ScalarAsync<long>("SELECT count(*) FROM attempt_counters")); // what is young is kept

        app.Clock.Advance(TimeSpan.FromDays(31));
        await app.PurgeAsync();
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT count(*) FROM attempt_counters"));
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM allowances"));
        (await guesser.TrySignInAsync(alice.Password, login: alice.Email)).Expect(HttpStatusCode.TooManyRequests, "too_many_requests");
    }

    [Fact]
    public void BF_11_A_million_addresses_cost_less_than_sixty_megabytes_together()
    {
        var limiter = new RequestLimiter(TimeProvider.System);
        var limit = Limit.Requests("test", 5, TimeSpan.FromMinutes(15));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var number = 0; number < 1_000_000; number++)
        {
            Assert.Null(limiter.Enter(limit, $"2001:db8:{number >> 16:x}:{number & 0xffff:x}::/64"));
        }

        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < 60_000_000, $"{grown / 1_000_000} MB");
        Assert.Equal(5, Enumerable.Range(0, 10).Count(_ => limiter.Enter(limit, "192.0.2.1") is null));
    }
}
