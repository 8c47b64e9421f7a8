using System.Diagnostics;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using static System.Net.HttpStatusCode;

namespace Cardea.Tests.Faults;

/// <summary>Several nodes, of which one is exchanged, or has its keys taken away.</summary>
public class NodeChecks
{
    private const string Password = "violet tractor lamp nine";

    [Theory, OnPostgres]
    public async Task RE_13_Nodes_that_are_restarted_one_after_the_other_under_load_fail_no_request(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        (string, string)[] settings = [("Shutdown:DrainSeconds", "1")];
        await using var a = await RunningServer.StartAsync(database, settings);
        await using var b = await RunningServer.StartAsync(database, settings);
        RunningServer[] nodes = [a, b];
        await using var proxy = await ReadinessProxy.StartAsync(() => nodes);
        await Eventually.IsAsync(() => Task.FromResult(proxy.ReadyCount == 2), "both nodes were ready");
        var load = MixedLoad.Start(a, people: 4, through: proxy.Address);
        var slowest = TimeSpan.Zero;
        var rounds = Scale.Of(2, 20);
        for (var round = 0; round < rounds; round++)
        {
            var node = nodes[round % 2];
            var begun = Stopwatch.GetTimestamp();
            var ended = await node.Process.StopAsync();
            var taken = Stopwatch.GetElapsedTime(begun);
            slowest = taken > slowest ? taken : slowest;
            Assert.Equal(0, ended.ExitCode);
            Scale.Within(TimeSpan.FromSeconds(25), taken, "The end after SIGTERM");
            await node.RestartAsync();
            await Eventually.IsAsync(() => Task.FromResult(proxy.ReadyCount == 2), "both nodes were ready again");
        }

        await load.StopAsync();
        Assert.Empty(load.Wrong);
        Assert.Equal((0, 0), (load.Refused, load.Unanswered));
        await LedgerAudit.HoldsAsync(a, load.Ledger);
        Scale.Measured("RE-13", $"{rounds} rolling restarts: {load.Acknowledged} acknowledged writes, 0 failed requests, 0 lost; end after at most {slowest.TotalSeconds:F1} s");
    }

    /// <summary>A key that somebody else may have: `cardea keys rotate --now` beside two running nodes.</summary>
    [Theory, OnPostgres]
    public async Task RE_16_What_a_replaced_key_signed_is_refused_by_every_node_and_everything_else_goes_on(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var a = await RunningServer.StartAsync(database);
        await using var b = await RunningServer.StartAsync(database);
        RunningServer[] nodes = [a, b];
        (await a.PostAsync("/auth/signup", new { email = "alice@example.org", password = Password })).Expect(Created);
        var slowest = TimeSpan.Zero;
        for (var round = 0; round < Scale.Of(1, 10); round++)
        {
            var old = await a.PostAsync("/auth/login", new { login = "alice@example.org", password = Password });
            foreach (var node in nodes)
            {
                (await node.GetAsync("/users/me", old.Member("access_token"))).Expect(OK);
            }

            (await database.CommandAsync("", "keys", "rotate")).Worked(); // planned: nobody notices
            foreach (var node in nodes)
            {
                (await node.GetAsync("/users/me", old.Member("access_token"))).Expect(OK);
            }

            (await database.CommandAsync("", "keys", "rotate", "--now")).Worked();
            var begun = Stopwatch.GetTimestamp();
            foreach (var node in nodes)
            {
                await Eventually.IsAsync(async () => (await node.GetAsync("/users/me", old.Member("access_token"))).Status is Unauthorized, "the old token was refused");
            }

            var taken = Stopwatch.GetElapsedTime(begun);
            slowest = taken > slowest ? taken : slowest;
            var renewed = (await a.PostAsync("/auth/refresh", new { refresh_token = old.Member("refresh_token") })).Expect(OK);
            foreach (var node in nodes)
            {
                (await node.GetAsync("/users/me", renewed.Member("access_token"))).Expect(OK);
            }
        }

        Scale.Within(TimeSpan.FromSeconds(60), slowest, "Until every node refused the old key");
        Scale.Measured("RE-16", $"emergency rotation: old tokens refused on both nodes {slowest.TotalSeconds:F2} s after at most; sessions live on");
    }
}
