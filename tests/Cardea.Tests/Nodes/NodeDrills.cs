using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Nodes;

/// <summary>What happens to a cluster under load; the short form and the long one differ in how often.</summary>
public static class NodeDrills
{
    /// <summary>Longer than the guide's fail_timeout, after which nginx tries a node again.</summary>
    private static readonly TimeSpan TakenBack = TimeSpan.FromSeconds(2.5);

    public static async Task RollingRestartAsync(Cluster cluster, int restarts)
    {
        await using var load = Load.Start(cluster);
        for (var restart = 0; restart < restarts; restart++)
        {
            var node = cluster.Nodes[restart % cluster.Nodes.Count];
            var before = load.Count;
            await node.TerminateAsync();
            // It says that it is going before it goes: not ready, and yet it serves.
            await Within.OneSecondAsync(async () => await node.ReadyAsync() is HttpStatusCode.ServiceUnavailable);
            var served = (await node.GetAsync("/.well-known/jwks.json", null)).Expect(HttpStatusCode.OK);
            Assert.Equal("close", served.Header("Connection"));
            (await node.GetAsync("/health", null)).Expect(HttpStatusCode.OK);
            Assert.Equal(0, (await node.EndAsync()).ExitCode);
            await node.StartAsync();
            await Task.Delay(TakenBack);
            Assert.True(load.Count - before > 20, "There was no load.");
        }

        await load.StopAsync();
        Assert.True(load.Failures.IsEmpty, $"{load.Failures.Count} of {load.Count} requests failed: {string.Join("\n", load.Failures.Take(5))}");
        await AllIsThereAsync(cluster, load);

        // Every mail went out, and once: each account has exactly the one that asks to confirm its address.
        var addresses = load.Accounts.Keys.ToArray();
        await Eventually.IsAsync(async () => await cluster.Database.ScalarAsync<long>("SELECT COUNT(*) FROM outbox WHERE state = 'queued' AND recipient = ANY(@addresses)", new { addresses }) == 0, "all mail went out");
        await cluster.CatchUpOnMailAsync();
        var mails = cluster.Mails.SelectMany(mail => mail.To).Where(load.Accounts.ContainsKey).ToList();
        Assert.Equal(mails.Distinct().Order(StringComparer.Ordinal), mails.Order(StringComparer.Ordinal));
        Assert.Equal(load.Accounts.Count, mails.Count);
    }

    public static async Task KillAsync(Cluster cluster, int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            await using var load = Load.Start(cluster);
            await Task.Delay(1000);
            var node = cluster.Nodes[round % cluster.Nodes.Count];
            await node.KillAsync();
            var killed = Stopwatch.GetTimestamp();
            await Task.Delay(3000); // and nginx tries it again meanwhile
            var begun = load.Count;
            await node.StartAsync();
            await Task.Delay(TakenBack);
            await load.StopAsync();
            Assert.True(begun > 50, "There was no load.");

            // What was in flight there and may not be sent twice is told to the client. All else is hidden.
            Assert.DoesNotContain(load.Failures, failure => failure.IsRepeatable);
            var unseen = load.Failures.Where(failure => failure.BegunAt < killed + (Stopwatch.Frequency / 4)).ToList();
            Assert.True(load.Failures.Count == unseen.Count && unseen.Count <= Load.Workers, $"{string.Join("\n", load.Failures)}");
            Assert.All(unseen, failure => Assert.Equal(HttpStatusCode.BadGateway, failure.Status));
            await AllIsThereAsync(cluster, load);
        }
    }

    /// <summary>Whatever a client was told is so: its account is there, and its last refresh token works.</summary>
    private static async Task AllIsThereAsync(Cluster cluster, Load load)
    {
        var stored = (await cluster.Database.QueryAsync<string>("SELECT email FROM accounts")).ToHashSet(StringComparer.Ordinal);
        Assert.NotEmpty(load.Accounts);
        Assert.DoesNotContain(load.Accounts.Keys, email => !stored.Contains(email));
        foreach (var worker in load.SignedIn.Where(worker => worker.RefreshToken is not null))
        {
            (await worker.TryRefreshAsync()).Expect(HttpStatusCode.OK);
            (await worker.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        }
    }
}

/// <summary>A request that was not answered as it should have been.</summary>
public sealed record Failure(string What, bool IsRepeatable, HttpStatusCode? Status, long BegunAt, string Said);

/// <summary>People who sign up, sign in, ask and refresh, one request after the other each, and a ledger of what they were told.</summary>
public sealed class Load : IAsyncDisposable
{
    public const int Workers = 6;

    private readonly CancellationTokenSource _stopping = new();
    private readonly Cluster _cluster;
    private Task _working = Task.CompletedTask;
    private int _count;
    private int _people;

    private Load(Cluster cluster) => _cluster = cluster;

    public int Count => Volatile.Read(ref _count);

    public ConcurrentBag<Failure> Failures { get; } = [];

    /// <summary>The addresses of the accounts whose sign-up was acknowledged.</summary>
    public ConcurrentDictionary<string, bool> Accounts { get; } = new();

    /// <summary>Each worker's last one who signed in, whose every refresh was answered.</summary>
    public ConcurrentBag<Actor> SignedIn { get; } = [];

    public static Load Start(Cluster cluster)
    {
        var load = new Load(cluster);
        load._working = Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(load.WorkAsync)));
        return load;
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _working;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task WorkAsync()
    {
        Actor? last = null;
        while (!_stopping.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref _people);
            var person = _cluster.NewActor("load", new IPAddress([127, 1, (byte)(number / 250), (byte)(1 + (number % 250))])); // nobody meets the limits of one address
            if (await TryAsync("sign-up", person.TrySignUpAsync, HttpStatusCode.Created) is null)
            {
                continue;
            }

            Accounts[person.Email] = true;
            if (await TryAsync("sign-in", () => person.TrySignInAsync(), HttpStatusCode.OK) is null)
            {
                continue;
            }

            last = person;
            for (var round = 0; round < 5 && last is not null && !_stopping.IsCancellationRequested; round++)
            {
                await TryAsync("GET /users/me", () => person.GetAsync("/users/me"), HttpStatusCode.OK);
                await TryAsync("GET /login", () => person.GetAsync("/login"), HttpStatusCode.OK);
                last = await TryAsync("refresh", () => person.TryRefreshAsync(), HttpStatusCode.OK) is null ? null : person;
            }
        }

        if (last is not null)
        {
            SignedIn.Add(last);
        }
    }

    private async Task<Answer?> TryAsync(string what, Func<Task<Answer>> act, HttpStatusCode wanted)
    {
        var begun = Stopwatch.GetTimestamp();
        Interlocked.Increment(ref _count);
        try
        {
            var answer = await act();
            if (answer.Status == wanted)
            {
                return answer;
            }

            Failures.Add(new(what, what.StartsWith("GET", StringComparison.Ordinal), answer.Status, begun, answer.Body));
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException)
        {
            Failures.Add(new(what, what.StartsWith("GET", StringComparison.Ordinal), null, begun, fault.Message));
        }

        return null;
    }
}
