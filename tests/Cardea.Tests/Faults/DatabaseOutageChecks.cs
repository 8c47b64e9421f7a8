using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using static System.Net.HttpStatusCode;

namespace Cardea.Tests.Faults;

/// <summary>PostgreSQL goes away, or is only half there, while people use the server.</summary>
public class DatabaseOutageChecks
{
    private static readonly int Callers = Scale.Of(8, 40);
    private const string Password = "violet tractor lamp nine";

    [ClusterFact]
    public async Task RE_02_While_PostgreSQL_restarts_everybody_is_asked_to_come_again_and_nobody_hears_an_untruth()
    {
        await using var cluster = await PostgresCluster.StartAsync();
        await using var database = await TestDatabase.CreateAsync(cluster);
        await using var server = await RunningServer.StartAsync(database, ("Database:ConnectionString", database.AsDeployed()));
        await SignUpAsync(server);
        var load = MixedLoad.Start(server);
        var signIn = Probe.Start(caller => SignInAsync(server, caller), callers: 2);
        var back = new List<TimeSpan>();
        foreach (var mode in Scale.Of(2, 6) == 2 ? (string[])["fast", "kill"] : ["fast", "kill", "immediate", "kill", "fast", "immediate"])
        {
            await Task.Delay(500);
            if (mode == "kill")
            {
                Assert.True(await cluster.KillBackendsAsync() > 1);
            }
            else
            {
                await cluster.StopServerAsync(mode);
                await Task.Delay(Scale.Of(500, 5000));
                await cluster.StartServerAsync();
            }

            back.Add(await signIn.FirstSuccessAfterAsync(signIn.Now));
        }

        await signIn.StopAsync();
        await load.StopAsync();
        Assert.False(server.Process.HasExited);
        Assert.Empty(load.Wrong);
        signIn.AllAre(OK, ServiceUnavailable);
        Scale.Within(TimeSpan.FromSeconds(5), back.Max(), "The first success after the database was back");
        await LedgerAudit.HoldsAsync(server, load.Ledger);
        Scale.Measured("RE-02", $"{back.Count} restarts and kills: first success after {back.Max().TotalSeconds:F2} s at most, {load.Refused} refusals, {load.Acknowledged} acknowledged writes, 0 lost, 0 wrong answers");
    }

    [Theory, OnPostgres]
    public async Task RE_03_Of_a_database_that_is_silent_nobody_waits_longer_than_three_seconds_for(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var proxy = new TcpProxy(new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString).Port);
        await using var server = await RunningServer.StartAsync(database, ("Database:ConnectionString", database.AsDeployed(proxy)));
        await SignUpAsync(server);
        var signIn = Probe.Start(caller => SignInAsync(server, caller), callers: Callers);
        await signIn.FirstSuccessAfterAsync(TimeSpan.Zero);
        var (threads, memory) = (server.Status("Threads"), server.Status("VmRSS"));

        proxy.Swallow();
        var hole = signIn.Now;
        var health = Probe.Start(_ => server.TryGetAsync("/health"));
        var ready = Probe.Start(_ => server.TryGetAsync("/health/ready"));
        var keys = Probe.Start(_ => server.TryGetAsync("/.well-known/jwks.json"));
        await Task.Delay(TimeSpan.FromSeconds(Scale.Of(6, 75)));
        var (moreThreads, moreMemory) = (server.Status("Threads") - threads, (server.Status("VmRSS") - memory) / 1024);
        foreach (var probe in (Probe[])[health, ready, keys])
        {
            await probe.StopAsync();
        }

        proxy.Heal();
        var healed = signIn.Now;
        var back = await signIn.FirstSuccessAfterAsync(healed);
        await signIn.StopAsync();

        health.AllAre(OK);
        keys.AllAre(OK);
        signIn.AllAre(OK, ServiceUnavailable);
        Assert.DoesNotContain(ready.Answered, one => one.At > TimeSpan.FromSeconds(5) && one.Answer?.Status is not ServiceUnavailable);
        var failing = signIn.Percentile(0.99, one => one.At > hole && one.Answer?.Status is ServiceUnavailable);
        Scale.Within(TimeSpan.FromSeconds(3), failing, "A request without a database (p99)");
        Scale.Within(TimeSpan.FromMilliseconds(500), health.Percentile(0.99), "/health without a database (p99)");
        Scale.Within(TimeSpan.FromSeconds(5), back, "The first success after the line was back");
        Assert.InRange(moreThreads, -1000, 80);
        Assert.InRange(moreMemory, -1000, 100);
        Scale.Measured("RE-03", $"failing requests p99 {failing.TotalSeconds:F2} s, ready answers 503 after {ready.Answered.First(one => one.Answer?.Status is ServiceUnavailable).Took.TotalSeconds:F1} s, /health p99 {health.Percentile(0.99).TotalMilliseconds:F0} ms, JWKS p99 {keys.Percentile(0.99).TotalMilliseconds:F0} ms (max {keys.Percentile(1).TotalMilliseconds:F0}), threads {moreThreads:+0;-0;0}, memory {moreMemory:+0;-0;0} MB, back after {back.TotalSeconds:F2} s");
    }

    [Theory, OnPostgres]
    public async Task RE_04_A_slow_database_starves_neither_health_nor_the_keys_and_leaves_nothing_behind(Engine engine)
    {
        await using var database = await TestDatabase.CreateAsync(engine);
        await using var proxy = new TcpProxy(new Npgsql.NpgsqlConnectionStringBuilder(database.ConnectionString).Port);
        await using var server = await RunningServer.StartAsync(database, ("Database:ConnectionString", database.AsDeployed(proxy)));
        await SignUpAsync(server);
        var figures = new List<string>();
        foreach (var delay in Scale.IsLong ? (int[])[200, 2000] : [2000])
        {
            var before = await ThroughputAsync(server);
            proxy.Delay = TimeSpan.FromMilliseconds(delay);
            var signIn = Probe.Start(caller => SignInAsync(server, caller), callers: Callers);
            var health = Probe.Start(_ => server.TryGetAsync("/health"));
            var keys = Probe.Start(_ => server.TryGetAsync("/.well-known/jwks.json"));
            await Task.Delay(TimeSpan.FromSeconds(Scale.Of(4, 15)));
            foreach (var probe in (Probe[])[signIn, health, keys])
            {
                await probe.StopAsync();
            }

            proxy.Delay = TimeSpan.Zero;
            health.AllAre(OK);
            keys.AllAre(OK);
            signIn.AllAre(OK, ServiceUnavailable);
            Scale.Within(TimeSpan.FromMilliseconds(100), health.Percentile(0.99), $"/health with {delay} ms more (p99)");
            await Task.Delay(TimeSpan.FromSeconds(Scale.Of(1, 8)));
            var after = await ThroughputAsync(server);
            Assert.True(!Scale.IsLong || after >= before * 0.9, $"{after} sign-ins after, {before} before.");
            figures.Add($"+{delay} ms: {signIn.Answered.Count(one => one.Answer?.Status is OK)} of {signIn.Count} sign-ins came through, /health p99 {health.Percentile(0.99).TotalMilliseconds:F0} ms, JWKS p99 {keys.Percentile(0.99).TotalMilliseconds:F0} ms, afterwards {after * 100 / Math.Max(1, before)} % of the throughput before");
        }

        Scale.Measured("RE-04", string.Join("; ", figures));
    }

    [ClusterFact]
    public async Task RE_05_Whoever_gets_no_connection_in_time_is_asked_to_come_again_and_none_is_lost()
    {
        await using var cluster = await PostgresCluster.StartAsync(maxConnections: 20);
        await using var database = await TestDatabase.CreateAsync(cluster);
        await using var server = await RunningServer.StartAsync(database, ("Database:ConnectionString", database.AsDeployed() + ";Maximum Pool Size=5"));
        await SignUpAsync(server);
        var session = await server.PostAsync("/auth/login", new { login = "caller0@example.org", password = Password });

        var many = Probe.Start(_ => server.TryGetAsync("/sessions", session.Member("access_token")), pauseMilliseconds: 0, callers: 200);
        await Task.Delay(TimeSpan.FromSeconds(Scale.Of(3, 20)));
        await many.StopAsync();
        many.AllAre(OK, ServiceUnavailable);
        var good = many.Answered.Count(one => one.Answer?.Status is OK);
        Assert.InRange(await OpenAsync(database), 1, 5);
        Assert.True(good > many.Count * 0.9, $"{good} of {many.Count} came through.");

        // And where the server itself has no more to give.
        var taken = new List<Npgsql.NpgsqlConnection>();
        try
        {
            while (taken.Count < 40)
            {
                var one = new Npgsql.NpgsqlConnection(cluster.ConnectionString("postgres", "Pooling=false"));
                taken.Add(one);
                await one.OpenAsync();
            }

            Assert.Fail("The server has more connections than it should.");
        }
        catch (Npgsql.PostgresException full) when (full.SqlState == "53300")
        {
            var refused = await server.AnotherFailsAsync();
            Assert.NotEqual(0, refused.ExitCode);
            Assert.Contains("Cardea:Database:ConnectionString", refused.Error, StringComparison.Ordinal);
        }
        finally
        {
            foreach (var one in taken)
            {
                await one.DisposeAsync();
            }
        }

        Assert.Equal(OK, (await SignInAsync(server))?.Status);
        Scale.Measured("RE-05", $"pool of 5, 200 clients: {good} of {many.Count} answered, p99 {many.Percentile(0.99).TotalMilliseconds:F0} ms, connections afterwards at most 5");
    }

    /// <summary>One for each caller: those who try one account at once stand in a line of their own.</summary>
    private static async Task SignUpAsync(RunningServer server)
    {
        for (var caller = 0; caller < Callers; caller++)
        {
            (await server.PostAsync("/auth/signup", new { email = $"caller{caller}@example.org", password = Password })).Expect(Created);
        }
    }

    private static Task<Answer?> SignInAsync(RunningServer server, int caller = 0) => server.TryPostAsync("/auth/login", new { login = $"caller{caller}@example.org", password = Password });

    private static async Task<int> ThroughputAsync(RunningServer server)
    {
        var probe = Probe.Start(caller => SignInAsync(server, caller), pauseMilliseconds: 0, callers: 4);
        await Task.Delay(TimeSpan.FromSeconds(Scale.Of(1, 3)));
        await probe.StopAsync();
        return probe.Answered.Count(one => one.Answer?.Status is OK);
    }

    private static Task<long> OpenAsync(TestDatabase database) => database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'cardea'");
}
