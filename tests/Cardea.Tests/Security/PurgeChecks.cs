using System.Diagnostics;
using System.Net;
using Cardea.Features.Challenges;
using Cardea.Foundation.Data;
using Cardea.Tests.Features.Challenges;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>What a flood leaves in the database goes again, a little at a time.</summary>
[Collection(nameof(TimingChecks))]
public sealed class PurgeChecks
{
    private const string Numbers = "WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 20000) ";

    [Theory, OnSqlite, OnPostgres]
    public async Task RE_12_What_is_over_is_thrown_away_in_small_steps_and_others_write_between_them(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var hash = engine is Engine.Sqlite ? "CAST('h' || i AS BLOB)" : "CAST('h' || i AS BYTEA)";
        await app.Database.ExecuteAsync($"{Numbers} INSERT INTO attempt_counters (key, failures, blocked_until, updated_at) SELECT 'password:unknown:' || i, 1, 0, i FROM numbers");
        await app.Database.ExecuteAsync($"{Numbers} INSERT INTO allowances (key, taken, ends_at) SELECT 'sign-ups:' || i, 1, i FROM numbers");
        await app.Database.ExecuteAsync($"{Numbers} INSERT INTO used_challenges (challenge_hash, expires_at) SELECT {hash}, i FROM numbers");
        var actor = app.NewActor();
        (await actor.PostAsync("/password/forgot", new { email = "nobody@example.org" })).Expect(HttpStatusCode.Accepted); // writes a row

        var (purge, writes) = (app.PurgeAsync(), new List<double>());
        while (!purge.IsCompleted)
        {
            var begun = Stopwatch.GetTimestamp();
            (await actor.PostAsync("/password/forgot", new { email = "nobody@example.org" })).Expect(HttpStatusCode.Accepted);
            writes.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }

        await purge;
        writes.Sort();
        Assert.True(writes.Count >= 5, $"Only {writes.Count} writes went in between.");
        Assert.True(writes[writes.Count * 9 / 10] < 250, $"{writes.Count} writes, one in ten took {writes[writes.Count * 9 / 10]:F0} ms or more, one {writes[^1]:F0} ms");
        foreach (var table in new[] { "attempt_counters", "used_challenges" })
        {
            Assert.Equal(0, await app.Database.ScalarAsync<long>($"SELECT COUNT(*) FROM {table}"));
        }
    }

    /// <summary>Half a minute is what nodes may be apart. The one ahead believes a challenge to be over while it is good at the other one, where only its mark says that it was used.</summary>
    [Theory, OnPostgres]
    public async Task RE_09_The_mark_of_what_was_used_outlives_it_on_the_node_that_is_behind(Engine engine)
    {
        (string, string)[] settings = [("PublicUrl", "http://localhost:8099"), ("SignIn:Challenge", "always")];
        await using var behind = await TestApp.StartAsync(engine, settings);
        var clock = new ManualClock();
        await using var ahead = await TestApp.StartAsync(engine, behind.Database, clock, settings);
        clock.Advance(TimeSpan.FromSeconds(30));
        var solution = (await behind.NewActor().GuessAsync("alice@example.org")).Solve();
        (await behind.NewActor().GuessAsync("alice@example.org", solution)).Expect(HttpStatusCode.Unauthorized, "invalid_credentials");

        var most = WorkChallenges.Lifetime - TimeSpan.FromSeconds(20);
        behind.Clock.Advance(most);
        clock.Advance(most);
        await ahead.PurgeAsync();
        (await behind.NewActor().GuessAsync("alice@example.org", solution)).Expect(HttpStatusCode.Forbidden, "challenge_required");
    }
}
