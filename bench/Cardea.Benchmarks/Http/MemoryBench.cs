using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Cardea.Benchmarks.Http;

/// <summary>
/// What a server keeps of keys that never come twice: guesses at names that nobody has, mails asked for, challenges, assertions and tokens made up, and sessions,
/// each from an address of its own. Hashes are as cheap as the settings allow, or two cores would spend the half hour on them.
/// </summary>
internal static class MemoryBench
{
    private const string Password = "violet tractor lamp nine";
    private const int Accounts = 500;

    /// <param name="output">Where the figures go.</param>
    /// <param name="args">The published program, the minutes (30 unless said), and how many of each kind in that time (a million).</param>
    public static async Task<int> RunAsync(TextWriter output, string[] args)
    {
        if (args is not [var program, ..] || !File.Exists(program))
        {
            await Console.Error.WriteLineAsync("usage: … -- memory PATH_OF_A_PUBLISHED_cardea [MINUTES] [COUNT]");
            return 2;
        }

        var length = TimeSpan.FromMinutes(args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 30);
        var count = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 1_000_000;
        var data = Directory.CreateTempSubdirectory("cardea-memory-").FullName;
        try
        {
            using var cardea = await Contestant.StartAsync(program, [], new Dictionary<string, string>(Published.Environment(data, null))
            {
                ["Cardea__TrustedProxies"] = "127.0.0.1",
                ["Cardea__Passwords__MemoryKiB"] = "1024",
                ["Cardea__Passwords__Iterations"] = "1",
            }, "/health");
            await RunAsync(output, cardea, length, count / length.TotalSeconds);
            output.WriteLine(Invariant($"database {new FileInfo(Path.Combine(data, "cardea.db")).Length >> 20} MiB"));
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }

        return 0;
    }

    private static async Task RunAsync(TextWriter output, Contestant cardea, TimeSpan length, double perSecond)
    {
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 64, UseCookies = false }) { BaseAddress = cardea.Address };
        for (var number = 0; number < Accounts; number++)
        {
            using var made = await SendAsync(client, "/auth/signup", new { email = $"member{number}@example.org", password = Password }, number);
            made.EnsureSuccessStatusCode();
        }

        using var session = await SendAsync(client, "/auth/login", new { login = "member0@example.org", password = Password }, 0);
        var token = (await session.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString()!;
        await Task.Delay(3000);
        var idle = cardea.Memory("VmRSS");
        var begun = Stopwatch.GetTimestamp();
        using var stop = new CancellationTokenSource(length);
        var kinds = new Dictionary<string, Func<int, Task<HttpResponseMessage>>>
        {
            ["guesses at unknown names"] = number => SendAsync(client, "/auth/login", new { login = $"nobody{number}@example.org", password = Password }, number),
            ["resets asked for"] = number => SendAsync(client, "/password/forgot", new { email = $"nobody{number}@example.org" }, number),
            ["challenges of passkeys"] = number => SendAsync(client, "/auth/passkey/options", new { }, number),
            ["assertions made up"] = number => SendAsync(client, "/auth/passkey/login", new { credential = Assertion(number) }, number),
            ["refresh tokens made up"] = number => SendAsync(client, "/auth/refresh", new { refresh_token = Convert.ToHexString(SHA256.HashData(BitConverter.GetBytes(number)))[..43] }, number),
            ["access tokens made up"] = number => SendAsync(client, "/users/me", null, number, Forged(token, number)),
            ["sessions"] = number => SendAsync(client, "/auth/login", new { login = $"member{number % Accounts}@example.org", password = Password }, number),
        };
        var statuses = new ConcurrentDictionary<string, int>();
        var floods = kinds.Select(kind => FloodAsync(kind.Key, kind.Value, perSecond, statuses, stop.Token)).ToList();
        var writes = WriteAsync(client, token, stop.Token);
        var memory = new List<(double Minute, double MiB)>();
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(5), CancellationToken.None);
            memory.Add((Stopwatch.GetElapsedTime(begun).TotalMinutes, cardea.Memory("VmRSS") / 1024.0));
        }

        var sent = await Task.WhenAll(floods);
        foreach (var (kind, number) in kinds.Keys.Zip(sent))
        {
            output.WriteLine($"{kind}: {number} ({string.Join(", ", statuses.Where(one => one.Key.StartsWith(kind, StringComparison.Ordinal)).Select(one => $"{one.Value} x {one.Key[^3..]}").Order(StringComparer.Ordinal))})");
        }

        var times = await writes;
        times.Sort();
        output.WriteLine(Invariant($"a write beside it: {times.Count} asked, p50 {times[times.Count / 2]:0.0} ms, p99 {times[(int)(times.Count * .99)]:0.0} ms, at most {times[^1]:0.0} ms"));
        var last = memory.Where(one => one.Minute > length.TotalMinutes * 2 / 3).ToList();
        output.WriteLine(Invariant($"memory {idle / 1024} MiB before, {memory.Max(one => one.MiB):0} at most, {memory[^1].MiB:0} at the end; in the last third {Slope(last):0.00} MiB a minute; by sixths {string.Join(", ", memory.GroupBy(one => (int)(one.Minute * 6 / length.TotalMinutes)).Select(group => group.Average(one => one.MiB).ToString("0", CultureInfo.InvariantCulture)))}"));
    }

    private static async Task<int> FloodAsync(string kind, Func<int, Task<HttpResponseMessage>> send, double perSecond, ConcurrentDictionary<string, int> statuses, CancellationToken stop)
    {
        var (sent, begun) = (0, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (sent >= Stopwatch.GetElapsedTime(begun).TotalSeconds * perSecond)
                {
                    await Task.Delay(5, CancellationToken.None);
                    continue;
                }

                using var answer = await send(Interlocked.Increment(ref sent));
                statuses.AddOrUpdate($"{kind} {(int)answer.StatusCode}", 1, (_, count) => count + 1);
            }
        }));
        return sent;
    }

    /// <summary>Somebody whose writes stand in line with what is thrown away meanwhile.</summary>
    private static async Task<List<double>> WriteAsync(HttpClient client, string token, CancellationToken stop)
    {
        var times = new List<double>();
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var begun = Stopwatch.GetTimestamp();
            using var request = new HttpRequestMessage(HttpMethod.Patch, "/users/me") { Content = JsonContent.Create(new { given_name = $"name {number}" }) };
            request.Headers.Authorization = new("Bearer", token);
            using var answer = await client.SendAsync(request, CancellationToken.None);
            times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            if (answer.StatusCode is HttpStatusCode.Unauthorized)
            {
                using var again = await SendAsync(client, "/auth/login", new { login = "member0@example.org", password = Password }, 0);
                token = again.IsSuccessStatusCode ? (await again.Content.ReadFromJsonAsync<JsonElement>(CancellationToken.None)).GetProperty("access_token").GetString()! : token;
            }

            await Task.Delay(100, CancellationToken.None);
        }

        return times;
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, string path, object? body, int number, string? token = null)
    {
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add("X-Forwarded-For", $"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}");
        if (token is not null)
        {
            request.Headers.Authorization = new("Bearer", token);
        }

        return await client.SendAsync(request);
    }

    /// <summary>Of the right form, for a passkey that nobody has.</summary>
    private static object Assertion(int number)
    {
        var id = Base64Url(SHA256.HashData(BitConverter.GetBytes(number)));
        var clientData = Base64Url(Encoding.UTF8.GetBytes($$"""{"type":"webauthn.get","challenge":"{{id}}","origin":"http://localhost"}"""));
        return new { id, rawId = id, type = "public-key", response = new { clientDataJSON = clientData, authenticatorData = Base64Url(new byte[37]), signature = Base64Url(new byte[70]) }, clientExtensionResults = new { } };
    }

    /// <summary>A token with other claims and the same signature.</summary>
    private static string Forged(string token, int number)
    {
        var parts = token.Split('.');
        return $"{parts[0]}.{Base64Url(Encoding.UTF8.GetBytes($$"""{"sub":"{{number}}","exp":4102444800}"""))}.{parts[2]}";
    }

    private static string Base64Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static double Slope(List<(double Minute, double MiB)> points)
    {
        var (minute, mib) = (points.Average(one => one.Minute), points.Average(one => one.MiB));
        return points.Sum(one => (one.Minute - minute) * (one.MiB - mib)) / points.Sum(one => (one.Minute - minute) * (one.Minute - minute));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
