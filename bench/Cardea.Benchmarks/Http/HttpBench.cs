using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Cardea.Crypto.Passwords;

namespace Cardea.Benchmarks.Http;

/// <summary>The published server beside the bare limits, in turns in one run, so that a slow moment of the machine hits both.</summary>
internal static class HttpBench
{
    private const int Accounts = 32;
    private const int Connections = 32;
    private const int Rounds = 3;
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(5);

    private static readonly string Here = AppContext.BaseDirectory;

    public static async Task<int> RunAsync(TextWriter output, string[] args)
    {
        var scratch = Directory.CreateTempSubdirectory("cardea-bench-").FullName;
        try
        {
            var program = Published.Make(scratch);
            var environment = Environment(scratch, args.FirstOrDefault());
            await MeasureStartAsync(output, program, environment, scratch);
            using var cardea = await Contestant.StartAsync(program, [], environment, "/health");
            using var bare = await Contestant.StartAsync(System.Environment.ProcessPath!, ["bare"], new Dictionary<string, string>(), "/users/me");
            await Task.Delay(TimeSpan.FromSeconds(5));
            var idle = cardea.Memory("VmRSS");
            output.WriteLine($"idle memory: {idle / 1024} MiB");

            var tokens = await FillAsync(cardea);
            await CompareReadsAsync(output, cardea, bare, tokens[0].Access, scratch);
            await CompareRefreshesAsync(output, cardea, bare, tokens, scratch);
            await MeasurePageAsync(output, cardea, "/login");
            await CompareSignInsAsync(output, cardea);
            await FloodAsync(output, cardea, tokens[0].Access, idle);
            return 0;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static Dictionary<string, string> Environment(string scratch, string? postgres) => new()
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Production",
        ["Cardea__DataDirectory"] = Path.Combine(scratch, "data"),
        ["Cardea__Mail__Transport"] = "none",
        ["Cardea__Database__Provider"] = postgres is null ? "sqlite" : "postgres",
        ["Cardea__Database__ConnectionString"] = postgres ?? "",
        ["Logging__LogLevel__Default"] = "Warning",
    };

    private static async Task MeasureStartAsync(TextWriter output, string program, Dictionary<string, string> environment, string scratch)
    {
        var starts = new List<double>();
        for (var round = 0; round < 9; round++)
        {
            using var once = await Contestant.StartAsync(program, [], environment, "/health");
            starts.Add(once.Start.TotalMilliseconds);
        }

        starts.RemoveAt(0); // the first one makes the database and the key
        starts.Sort();
        var size = new DirectoryInfo(Path.GetDirectoryName(program)!).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        output.WriteLine(Format($"start to the first 200: {starts[0]:0} / {starts[starts.Count / 2]:0} / {starts[^1]:0} ms (min, median, max of {starts.Count}); published: {size / 1048576.0:0.0} MB"));
    }

    private static async Task<List<(string Access, string Refresh)>> FillAsync(Contestant cardea)
    {
        using var client = new HttpClient { BaseAddress = cardea.Address };
        var tokens = new List<(string, string)>();
        for (var number = 0; number < Accounts; number++)
        {
            var account = new { email = $"bench{number}@example.org", password = "violet tractor lamp nine", given_name = "Alice", family_name = "Example", username = $"bench{number}" };
            using var made = await client.PostAsJsonAsync("/auth/signup", account);
            made.EnsureSuccessStatusCode();
        }

        for (var number = 0; number < Connections * 2; number++)
        {
            using var answer = await client.PostAsJsonAsync("/auth/login", new { email = $"bench{number % Accounts}@example.org", password = "violet tractor lamp nine" });
            answer.EnsureSuccessStatusCode();
            var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
            tokens.Add((body.GetProperty("access_token").GetString()!, body.GetProperty("refresh_token").GetString()!));
        }

        return tokens;
    }

    private static async Task CompareReadsAsync(TextWriter output, Contestant cardea, Contestant bare, string token, string scratch)
    {
        var script = Path.Combine(scratch, "bearer.lua");
        await File.WriteAllTextAsync(script, $"wrk.headers['Authorization'] = 'Bearer {token}'\n");
        await CompareAsync(output, "GET /users/me", cardea, bare, at => Wrk.RunAsync(new Uri(at.Address, "/users/me").ToString(), Connections, Turn, script));
    }

    private static async Task CompareRefreshesAsync(TextWriter output, Contestant cardea, Contestant bare, List<(string Access, string Refresh)> tokens, string scratch)
    {
        var round = 0;
        await CompareAsync(output, "POST /auth/refresh", cardea, bare, async at =>
        {
            var pool = Path.Combine(scratch, $"tokens{round++}");
            await File.WriteAllLinesAsync(pool, at == cardea ? (await FillAgainAsync(cardea)) : tokens.Select(token => token.Refresh));
            return await Wrk.RunAsync(at.Address.ToString(), Connections, Turn, Path.Combine(Here, "Http/refresh.lua"), pool);
        });
    }

    /// <summary>What a run had in flight when it ended is lost, so each begins with sessions of its own.</summary>
    private static async Task<IEnumerable<string>> FillAgainAsync(Contestant cardea)
    {
        using var client = new HttpClient { BaseAddress = cardea.Address };
        var fresh = new List<string>();
        for (var number = 0; number < Connections * 2; number++)
        {
            using var answer = await client.PostAsJsonAsync("/auth/login", new { email = $"bench{number % Accounts}@example.org", password = "violet tractor lamp nine" });
            fresh.Add((await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("refresh_token").GetString()!);
        }

        return fresh;
    }

    private static async Task CompareAsync(TextWriter output, string what, Contestant cardea, Contestant bare, Func<Contestant, Task<Wrk>> run)
    {
        await run(bare);
        await run(cardea); // warm
        List<Wrk> ours = [], limit = [];
        var cpu = cardea.CpuSeconds;
        for (var round = 0; round < Rounds; round++)
        {
            limit.Add(await run(bare));
            ours.Add(await run(cardea));
        }

        var requests = ours.Sum(turn => turn.RequestsPerSecond * Turn.TotalSeconds);
        var ratio = Median(ours.Zip(limit, (one, other) => one.RequestsPerSecond / other.RequestsPerSecond));
        output.WriteLine(Format(
            $"{what}: {Median(ours.Select(turn => turn.RequestsPerSecond)):N0}/s, bare {Median(limit.Select(turn => turn.RequestsPerSecond)):N0}/s, ratio {ratio:0.00}; p50 {Median(ours.Select(turn => turn.P50Milliseconds)):0.00} ms, p99 {Median(ours.Select(turn => turn.P99Milliseconds)):0.00} ms; {(cardea.CpuSeconds - cpu) / requests * 1e6:0} µs CPU each; refused {ours.Sum(turn => turn.Errors)}"));
    }

    /// <summary>One visitor after the other: the time is the server's for one page, from the request to its last byte.</summary>
    private static async Task MeasurePageAsync(TextWriter output, Contestant cardea, string path)
    {
        var url = new Uri(cardea.Address, path).ToString();
        await Wrk.RunAsync(url, 1, Turn);
        var (cpu, page) = (cardea.CpuSeconds, await Wrk.RunAsync(url, 1, Turn));
        output.WriteLine(Format(
            $"GET {path}: p50 {page.P50Milliseconds:0.00} ms, p99 {page.P99Milliseconds:0.00} ms, {(cardea.CpuSeconds - cpu) / (page.RequestsPerSecond * Turn.TotalSeconds) * 1e6:0} µs CPU each"));
    }

    private static async Task CompareSignInsAsync(TextWriter output, Contestant cardea)
    {
        var url = cardea.Address.ToString();
        var script = Path.Combine(Here, "Http/signin.lua");
        await Wrk.RunAsync(url, Connections, Turn, script, $"{Accounts}");
        var ratios = new List<double>();
        List<Wrk> ours = [];
        List<double> limits = [];
        for (var round = 0; round < Rounds; round++)
        {
            limits.Add(BareHashes());
            ours.Add(await Wrk.RunAsync(url, Connections, Turn, script, $"{Accounts}"));
            ratios.Add(ours[^1].RequestsPerSecond / limits[^1]);
        }

        output.WriteLine(Format(
            $"POST /auth/login: {Median(ours.Select(turn => turn.RequestsPerSecond)):N0}/s, bare Argon2id {Median(limits):N0}/s, ratio {Median(ratios):0.00}; p50 {Median(ours.Select(turn => turn.P50Milliseconds)):0.0} ms, p99 {Median(ours.Select(turn => turn.P99Milliseconds)):0.0} ms; refused {ours.Sum(turn => turn.Errors)}"));
    }

    /// <summary>Hashes a second on all cores, nothing else running.</summary>
    private static double BareHashes()
    {
        var count = 0L;
        var end = Stopwatch.GetTimestamp() + (long)(Turn.TotalSeconds * Stopwatch.Frequency);
        var threads = Enumerable.Range(0, System.Environment.ProcessorCount).Select(_ => new Thread(() =>
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
        return count / Turn.TotalSeconds;
    }

    /// <summary>200 that sign in at once, and somebody who only reads meanwhile.</summary>
    private static async Task FloodAsync(TextWriter output, Contestant cardea, string token, long idle)
    {
        var flood = Wrk.RunAsync(cardea.Address.ToString(), 200, Turn * 2, Path.Combine(Here, "Http/signin.lua"), $"{Accounts}");
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
        var most = cardea.Memory("VmHWM");
        var aim = (idle / 1024) + (System.Environment.ProcessorCount * 19) + 50;
        output.WriteLine(Format(
            $"200 parallel sign-ins: {(await flood).RequestsPerSecond:N0}/s, refused {(await flood).Errors}; memory at most {most / 1024} MiB over the whole run (aim {aim}); GET /users/me meanwhile p50 {times[times.Count / 2]:0.0} ms, p99 {times[(int)(times.Count * 0.99)]:0.0} ms of {times.Count}"));
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
