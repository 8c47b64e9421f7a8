using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Cardea.Crypto.Passwords;

namespace Cardea.Benchmarks.Http;

/// <summary>The published server beside the bare limits, in turns in one run, so that a slow moment of the machine hits both. Prints one table.</summary>
internal static class HttpBench
{
    private const int Accounts = 32;
    private const int Connections = 32;
    private const int Rounds = 3;
    private const string Password = "violet tractor lamp nine";
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(TextWriter output, string[] args)
    {
        var scratch = Directory.CreateTempSubdirectory("cardea-bench-").FullName;
        try
        {
            var program = Published.Make(scratch);
            var environment = Published.Environment(Path.Combine(scratch, "data"), args.FirstOrDefault());
            environment["Cardea__TrustedProxies__0"] = "127.0.0.1";
            using var bare = await Contestant.StartAsync(Environment.ProcessPath!, ["bare"], new Dictionary<string, string>(), "/users/me");
            using var cardea = await Contestant.StartAsync(program, [], environment, "/health");
            await Task.Delay(TimeSpan.FromSeconds(5));
            var idle = cardea.Memory("VmRSS");

            var tokens = await FillAsync(cardea);
            output.WriteLine($"{(args.Length == 0 ? "SQLite" : "PostgreSQL")}, {Environment.ProcessorCount} cores with the load generator on them, {Connections} connections; medians of {Rounds} turns of {Turn.TotalSeconds:0} s\n");
            output.WriteLine("| request | per second | bare limit | ratio | p50 ms | p95 ms | p99 ms | CPU µs each | refused |");
            output.WriteLine("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
            await CompareAsync(output, "GET /users/me", cardea, at => GetAsync(at, "/users/me", tokens[0].Access), () => GetAsync(bare, "/users/me", tokens[0].Access));
            await CompareAsync(output, "GET /.well-known/jwks.json", cardea, at => GetAsync(at, "/.well-known/jwks.json"), () => GetAsync(bare, "/.well-known/jwks.json"));
            await CompareAsync(output, "POST /auth/refresh", cardea, async at => await RefreshAsync(at, await SignInAllAsync(cardea)), () => RefreshAsync(bare, tokens));
            await CompareAsync(output, "GET /login (a page)", cardea, at => GetAsync(at, "/login"), () => GetAsync(bare, "/login"));
            await CompareAsync(output, "GET /dashboard (signed in)", cardea, async at => await GetAsync(at, "/dashboard", cookie: await CookieAsync(cardea)), () => GetAsync(bare, "/login"));
            await CompareAsync(output, "POST /auth/login", cardea, at => Wrk.RunAsync(at.Address.ToString(), Connections, Turn, Script("signin"), $"{Accounts}"), BareHashesAsync);
            await CompareAsync(output, "POST /auth/signup", cardea, at => Wrk.RunAsync(at.Address.ToString(), Connections, Turn, Script("signup"), $"{Guid.NewGuid():n}"), BareHashesAsync);
            await FloodAsync(output, cardea, tokens[0].Access, idle);
            return 0;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static string Script(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Http", name + ".lua"));

    private static Task<Wrk> GetAsync(Contestant at, string path, string? token = null, string? cookie = null) => Wrk.RunAsync(
        new Uri(at.Address, path).ToString(), Connections, Turn, token is not null ? $"wrk.headers['Authorization'] = 'Bearer {token}'" : cookie is not null ? $"wrk.headers['Cookie'] = '{cookie}'" : null);

    private static async Task<Wrk> RefreshAsync(Contestant at, List<(string Access, string Refresh)> tokens)
    {
        var pool = Path.GetTempFileName();
        try
        {
            await File.WriteAllLinesAsync(pool, tokens.Select(token => token.Refresh));
            return await Wrk.RunAsync(at.Address.ToString(), Connections, Turn, Script("refresh"), pool);
        }
        finally
        {
            File.Delete(pool);
        }
    }

    private static async Task<List<(string Access, string Refresh)>> FillAsync(Contestant cardea)
    {
        using var client = new HttpClient { BaseAddress = cardea.Address };
        for (var number = 0; number < Accounts; number++)
        {
            var account = new { email = $"bench{number}@example.org", password = Password, given_name = "Alice", family_name = "Example", username = $"bench{number}" };
            using var made = await client.PostAsJsonAsync("/auth/signup", account);
            made.EnsureSuccessStatusCode();
        }

        return await SignInAllAsync(cardea);
    }

    /// <summary>Sessions of its own for each run of refreshes: what one had in flight when it ended is lost.</summary>
    private static async Task<List<(string Access, string Refresh)>> SignInAllAsync(Contestant cardea)
    {
        using var client = new HttpClient { BaseAddress = cardea.Address };
        var tokens = new List<(string, string)>();
        for (var number = 0; number < Connections * 2; number++)
        {
            using var answer = await client.PostAsJsonAsync("/auth/login", new { email = $"bench{number % Accounts}@example.org", password = Password });
            answer.EnsureSuccessStatusCode();
            var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
            tokens.Add((body.GetProperty("access_token").GetString()!, body.GetProperty("refresh_token").GetString()!));
        }

        return tokens;
    }

    /// <summary>Signs in as a browser does.</summary>
    private static async Task<string> CookieAsync(Contestant cardea)
    {
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = cardea.Address };
        client.DefaultRequestHeaders.Add("Sec-Fetch-Site", "same-origin");
        var page = await client.GetStringAsync("/login");
        var token = System.Text.RegularExpressions.Regex.Match(page, "name=\"_token\"[^>]*value=\"([^\"]+)\"").Groups[1].Value;
        using var answer = await client.PostAsync("/login", new FormUrlEncodedContent([new("_token", token), new("login", "bench0@example.org"), new("password", Password)]));
        return answer.StatusCode is System.Net.HttpStatusCode.SeeOther
            ? string.Join("; ", handler.CookieContainer.GetCookies(cardea.Address).Select(cookie => $"{cookie.Name}={cookie.Value}"))
            : throw new InvalidOperationException($"The page of the sign-in answers {(int)answer.StatusCode}.");
    }

    private static async Task CompareAsync(TextWriter output, string what, Contestant cardea, Func<Contestant, Task<Wrk>> run, Func<Task<Wrk>> runBare)
    {
        await run(cardea); // warm
        await runBare();
        List<Wrk> ours = [], limits = [];
        var cpu = 0.0;
        for (var round = 0; round < Rounds; round++)
        {
            limits.Add(await runBare());
            var before = cardea.CpuSeconds;
            ours.Add(await run(cardea));
            cpu += cardea.CpuSeconds - before;
        }

        var ratio = Median(ours.Zip(limits, (one, other) => one.RequestsPerSecond / other.RequestsPerSecond));
        output.WriteLine(Format(
            $"| {what} | {Median(ours.Select(turn => turn.RequestsPerSecond)):N0} | {Median(limits.Select(turn => turn.RequestsPerSecond)):N0} | {ratio:0.00} | {Median(ours.Select(turn => turn.P50Milliseconds)):0.00} | {Median(ours.Select(turn => turn.P95Milliseconds)):0.00} | {Median(ours.Select(turn => turn.P99Milliseconds)):0.00} | {cpu / ours.Sum(turn => turn.Requests) * 1e6:0} | {ours.Sum(turn => turn.Errors)} |"));
    }

    /// <summary>Hashes a second on all cores, nothing else running.</summary>
    private static Task<Wrk> BareHashesAsync()
    {
        var count = 0L;
        var end = Stopwatch.GetTimestamp() + (long)(Turn.TotalSeconds * Stopwatch.Frequency);
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(() =>
        {
            using var arena = new Argon2Arena();
            var hasher = new PasswordHasher(Argon2Parameters.Minimum);
            var password = RandomNumberGenerator.GetBytes(24);
            while (Stopwatch.GetTimestamp() < end)
            {
                hasher.Hash(password, arena);
                Interlocked.Increment(ref count);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return Task.FromResult(new Wrk(count / Turn.TotalSeconds, 0, 0, 0, count, 0));
    }

    /// <summary>200 that sign in at once, and somebody who only reads meanwhile.</summary>
    private static async Task FloodAsync(TextWriter output, Contestant cardea, string token, long idle)
    {
        var flood = Wrk.RunAsync(cardea.Address.ToString(), 200, Turn * 2, Script("signin"), $"{Accounts}");
        using var client = new HttpClient { BaseAddress = cardea.Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var times = new List<double>();
        while (!flood.IsCompleted)
        {
            var start = Stopwatch.GetTimestamp();
            using var answer = await client.GetAsync("/users/me");
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await Task.Delay(5);
        }

        times.Sort();
        output.WriteLine(Format(
            $"\n200 parallel sign-ins: {(await flood).RequestsPerSecond:N0} answered a second, of {(await flood).Requests} {(await flood).Errors} refused; GET /users/me meanwhile p50 {times[times.Count / 2]:0.0} ms, p99 {times[(int)(times.Count * 0.99)]:0.0} ms of {times.Count}. Memory: {idle / 1024} MiB idle, {cardea.Memory("VmHWM") / 1024} MiB at most over the whole run."));
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
