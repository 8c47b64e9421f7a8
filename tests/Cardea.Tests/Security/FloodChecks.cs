using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Xunit.Abstractions;

namespace Cardea.Tests.Security;

/// <summary>
/// Floods, in short: the server shares its cores with whoever floods it and whoever measures, so the bounds here are wide. The figures themselves come from
/// <c>bench/Cardea.Benchmarks flood</c>.
/// </summary>
[Collection(nameof(TimingChecks))] // alone, since it needs the whole machine
public sealed class FloodChecks(ITestOutputHelper output)
{
    private static readonly (string, string)[] RealCost = [("Passwords:MemoryKiB", ""), ("Passwords:Iterations", ""), ("TrustedProxies", "127.0.0.1"), (":Logging:LogLevel:Default", "Warning")];

    [Theory, OnSqlite(1), OnSqlite(1000)]
    public async Task RE_10_While_two_hundred_wrong_passwords_a_second_arrive_everything_else_is_answered(Engine engine, int addresses)
    {
        await using var app = await TestApp.StartAsync(engine, RealCost);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var phone = await PasskeyHolder.AddAsync(app, await (await app.NewActor("bob").SignUpAsync()).SignInAsync());
        var (guesser, ended) = (app.NewActor(), new CancellationTokenSource(TimeSpan.FromSeconds(6)));
        var before = Process.GetCurrentProcess().WorkingSet64;
        var flood = FloodAsync(guesser, addresses, ended.Token);
        await Task.Delay(1000); // the line is full

        var (quick, passkey, known) = (new Latencies(), new Latencies(), 0);
        var reader = app.NewActor().As(alice);
        (reader.AccessToken, reader.RefreshToken) = (alice.AccessToken, alice.RefreshToken);
        await Task.WhenAll(
            quick.AskAsync(async () => (await guesser.GetAsync("/health")).Expect(HttpStatusCode.OK), TimeSpan.FromMilliseconds(25), ended.Token),
            quick.AskAsync(async () => (await guesser.GetAsync("/.well-known/jwks.json")).Expect(HttpStatusCode.OK), TimeSpan.FromMilliseconds(25), ended.Token),
            quick.AskAsync(async () => (await reader.TryRefreshAsync()).Expect(HttpStatusCode.OK), TimeSpan.FromMilliseconds(50), ended.Token),
            quick.AskAsync(async () => (await reader.GetAsync("/session/active")).Expect(HttpStatusCode.OK), TimeSpan.FromMilliseconds(50), ended.Token),
            passkey.AskAsync(async () => (await phone.TrySignInAsync(app.NewActor())).Expect(HttpStatusCode.OK), TimeSpan.FromMilliseconds(100), ended.Token),
            new Latencies().AskAsync(async () => known += (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK).Status is HttpStatusCode.OK ? 1 : 0, TimeSpan.FromMilliseconds(100), ended.Token));
        var statuses = await flood;
        output.WriteLine($"{addresses} addresses: {string.Join(", ", statuses.Select(one => $"{one.Value} x {(int)one.Key}"))}; quick {quick}; passkey {passkey}; {known} sign-ins of a known browser");

        Assert.True(statuses.Values.Sum() > 400, "There was no flood.");
        Assert.True(quick.Percentile(90) <= 250, $"health, keys, refresh, session: {quick}");
        Assert.True(passkey.Percentile(90) <= 500, $"passkeys: {passkey}");
        Assert.True(known >= 3, $"Only {known} sign-ins of the owner in her own browser.");
        var grown = (Process.GetCurrentProcess().WorkingSet64 - before) / 1_000_000;
        Assert.True(grown < 100 + (Environment.ProcessorCount * 20) + 100, $"{grown} MB"); // the second hundred are the test's own clients

        // Nothing of it is left behind.
        var begun = Stopwatch.GetTimestamp();
        (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK);
        Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task RE_11_Five_hundred_sign_ins_at_once_and_a_hundred_slow_connections_stop_nobody_else_and_are_cut()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, RealCost);
        var guesser = app.NewActor();
        (await guesser.GetAsync("/health")).Expect(HttpStatusCode.OK);
        var slow = Enumerable.Range(0, 100).Select(number => DribbleAsync(app, number % 2 == 0)).ToList();
        var (health, stop) = (new Latencies(), new CancellationTokenSource());
        var asking = health.AskAsync(async () => (await app.Http.GetAsync(new Uri("/health", UriKind.Relative))).EnsureSuccessStatusCode(), TimeSpan.FromMilliseconds(20), stop.Token);
        var answers = await Race.RunAsync(500, number => GuessAsync(guesser, number, 1000));
        Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.ServiceUnavailable, $"{answer.Status}"));
        Assert.Contains(answers, answer => answer.Status is HttpStatusCode.Unauthorized);
        Assert.All(answers.Where(answer => answer.Status is HttpStatusCode.ServiceUnavailable), answer => Assert.NotNull(answer.Header("Retry-After")));

        var cut = await Task.WhenAll(slow);
        await stop.CancelAsync();
        await asking;
        output.WriteLine($"{answers.Count(answer => answer.Status is HttpStatusCode.Unauthorized)} of 500 looked at; health {health}; slow connections cut after {cut.Max().TotalSeconds:F1} s at most");
        Assert.True(cut.Max() < TimeSpan.FromSeconds(30), $"{cut.Max()}");
        Assert.True(health.Percentile(90) <= 250, $"health: {health}");
        await Eventually.IsAsync(() => Task.FromResult(ThreadPool.PendingWorkItemCount < 50), "the thread pool has nothing to do");
    }

    /// <summary>Sends a little at a time, of the headers or of the body, until it is cut.</summary>
    private static async Task<TimeSpan> DribbleAsync(TestApp app, bool headers)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(app.Address.Host, app.Address.Port);
        var begun = Stopwatch.GetTimestamp();
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /auth/login HTTP/1.1\r\nHost: {app.Address.Authority}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n" + (headers ? "" : "\r\n{")));
        try
        {
            var answer = stream.ReadAsync(new byte[4096]).AsTask();
            while (!answer.IsCompleted && Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(40))
            {
                await Task.WhenAny(answer, Task.Delay(500));
                await stream.WriteAsync(headers ? "X"u8.ToArray() : " "u8.ToArray());
            }

            await answer;
        }
        catch (IOException)
        {
            // Cut, without a word.
        }

        return Stopwatch.GetElapsedTime(begun);
    }

    /// <summary>At a steady pace, whatever is answered.</summary>
    private static async Task<Dictionary<HttpStatusCode, int>> FloodAsync(Actor guesser, int addresses, CancellationToken stop)
    {
        var sent = new List<Task<Answer>>();
        var begun = Stopwatch.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            while (sent.Count < Stopwatch.GetElapsedTime(begun).TotalSeconds * 200)
            {
                sent.Add(GuessAsync(guesser, sent.Count, addresses));
            }

            await Task.Delay(5, CancellationToken.None);
        }

        var answers = await Task.WhenAll(sent);
        foreach (var answer in answers)
        {
            Assert.True(answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable, $"{answer.Status}: {answer.Body}");
            Assert.True(answer.Status is HttpStatusCode.Unauthorized || answer.Header("Retry-After") is not null);
        }

        return answers.GroupBy(answer => answer.Status).ToDictionary(group => group.Key, group => group.Count());
    }

    private static Task<Answer> GuessAsync(Actor guesser, int number, int addresses) => guesser.SendAsync(
        HttpMethod.Post, "/auth/login", new { login = $"victim{number % 997}@example.org", password = "a wrong guess " + number }, withToken: false,
        request => request.Headers.Add("X-Forwarded-For", $"198.{18 + (number % addresses / 250)}.7.{number % addresses % 250}"));
}
