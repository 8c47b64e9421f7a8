using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Cardea.Benchmarks.Http;

/// <summary>
/// 200 wrong passwords a second, from one address and from a thousand, and how everybody else fares meanwhile. Server, flood and measurement share the machine.
/// </summary>
internal static class FloodBench
{
    private const int PerSecond = 200;
    private const string Password = "violet tractor lamp nine";

    /// <param name="output">Where the figures go.</param>
    /// <param name="args">The published program, and the seconds of one flood (300 unless said).</param>
    public static async Task<int> RunAsync(TextWriter output, string[] args)
    {
        if (args is not [var program, ..] || !File.Exists(program))
        {
            await Console.Error.WriteLineAsync("usage: … -- flood PATH_OF_A_PUBLISHED_cardea [SECONDS]");
            return 2;
        }

        var length = TimeSpan.FromSeconds(args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 300);
        foreach (var challenge in new[] { "off", "under-attack" })
        {
            foreach (var addresses in new[] { 1, 1000 })
            {
                await RunAsync(output, program, length, addresses, challenge);
            }
        }

        return 0;
    }

    private static async Task RunAsync(TextWriter output, string program, TimeSpan length, int addresses, string challenge)
    {
        var data = Directory.CreateTempSubdirectory("cardea-flood-").FullName;
        try
        {
            using var cardea = await Contestant.StartAsync(program, [], new Dictionary<string, string>
            {
                ["ASPNETCORE_ENVIRONMENT"] = "Production",
                ["Cardea__DataDirectory"] = data,
                ["Cardea__Mail__Transport"] = "none",
                ["Cardea__TrustedProxies"] = "127.0.0.1",
                ["Cardea__SignIn__Challenge"] = challenge,
                ["Logging__LogLevel__Default"] = "Warning",
            }, "/health");
            using var owner = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer() }) { BaseAddress = cardea.Address };
            using var other = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 1000 }) { BaseAddress = cardea.Address };
            (await owner.PostAsJsonAsync("/auth/signup", new { email = "alice@example.org", password = Password })).EnsureSuccessStatusCode();
            var refresh = await SignInAsync(owner) ?? throw new InvalidOperationException("The owner can't sign in.");
            await Task.Delay(3000);
            var idle = cardea.Memory("VmRSS");

            using var stop = new CancellationTokenSource(length);
            var flood = FloodAsync(other, addresses, stop.Token);
            await Task.Delay(2000);
            var (known, refused) = (0, 0);
            var measured = await Task.WhenAll(
                AskAsync("health", async () => (await other.GetAsync("/health")).EnsureSuccessStatusCode(), stop.Token),
                AskAsync("jwks", async () => (await other.GetAsync("/.well-known/jwks.json")).EnsureSuccessStatusCode(), stop.Token),
                AskAsync("refresh", async () => refresh = await TokenAsync(await other.PostAsJsonAsync("/auth/refresh", new { refresh_token = refresh })) ?? throw new InvalidOperationException("A refresh was refused."), stop.Token),
                AskAsync("owner's sign-in, known browser", async () => _ = await SignInAsync(owner) is null ? refused++ : known++, stop.Token, TimeSpan.FromSeconds(8)));
            var statuses = await flood;
            var watch = Stopwatch.StartNew();
            while (await SignInAsync(owner) is null)
            {
                await Task.Delay(50);
            }

            output.WriteLine(Invariant($"{addresses} addresses, challenge {challenge}: {string.Join(", ", statuses.OrderBy(one => one.Key).Select(one => $"{one.Value} x {one.Key}"))}; owner {known} in, {refused} turned away; memory {idle / 1024} MiB idle, {cardea.Memory("VmHWM") / 1024} MiB at most; a sign-in {watch.Elapsed.TotalSeconds:0.00} s after the end"));
            foreach (var line in measured)
            {
                output.WriteLine("  " + line);
            }
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<Dictionary<int, int>> FloodAsync(HttpClient client, int addresses, CancellationToken stop)
    {
        var (statuses, running, sent, begun) = (new ConcurrentDictionary<int, int>(), new ConcurrentDictionary<int, Task>(), 0, Stopwatch.GetTimestamp());
        while (!stop.IsCancellationRequested)
        {
            for (var due = (int)(Stopwatch.GetElapsedTime(begun).TotalSeconds * PerSecond); sent < due; sent++)
            {
                var number = sent;
                running[number] = GuessAsync(number).ContinueWith(_ => running.TryRemove(number, out var _), TaskScheduler.Default);
            }

            await Task.Delay(5, CancellationToken.None);
        }

        await Task.WhenAll(running.Values);
        return statuses.ToDictionary();

        async Task GuessAsync(int number)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/auth/login") { Content = JsonContent.Create(new { login = $"victim{number % 9973}@example.org", password = $"a wrong guess {number}" }) };
            request.Headers.Add("X-Forwarded-For", $"198.{18 + (number % addresses / 250)}.7.{number % addresses % 250}");
            using var answer = await client.SendAsync(request);
            statuses.AddOrUpdate((int)answer.StatusCode, 1, (_, count) => count + 1);
        }
    }

    private static async Task<string> AskAsync(string what, Func<Task> ask, CancellationToken stop, TimeSpan? pause = null)
    {
        var times = new List<double>();
        while (!stop.IsCancellationRequested)
        {
            var begun = Stopwatch.GetTimestamp();
            await ask();
            times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            await Task.Delay(pause ?? TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }

        times.Sort();
        double At(double part) => times[(int)(part * (times.Count - 1))];
        return Invariant($"{what}: {times.Count} asked, p50 {At(.5):0.0} ms, p95 {At(.95):0.0} ms, p99 {At(.99):0.0} ms, at most {times[^1]:0.0} ms");
    }

    private static async Task<string?> SignInAsync(HttpClient client) => await TokenAsync(await client.PostAsJsonAsync("/auth/login", new { login = "alice@example.org", password = Password }));

    private static async Task<string?> TokenAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            return answer.IsSuccessStatusCode ? (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("refresh_token").GetString() : null;
        }
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
