using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Cardea.Benchmarks.Http;
using Npgsql;

namespace Cardea.Benchmarks.Accounts;

/// <summary>What an administrator and a person who signs in wait for, among a thousand accounts and among a million, in turns in one run.</summary>
internal static class AccountsBench
{
    private const long Few = 1_000;
    private const int Turns = 15;
    private const int Each = 12;

    public static async Task<int> RunAsync(TextWriter output, string[] args)
    {
        var many = args.FirstOrDefault() is { } given ? long.Parse(given, NumberStyles.AllowThousands, CultureInfo.InvariantCulture) : 1_000_000;
        var scratch = Directory.CreateTempSubdirectory("cardea-bench-").FullName;
        try
        {
            var program = Published.Make(scratch);
            using var small = await StartAsync(output, program, scratch, args.ElementAtOrDefault(1), Few);
            using var large = await StartAsync(output, program, scratch, args.ElementAtOrDefault(1), many);
            await CompareAsync(output, small, large);
            return 0;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static async Task<Side> StartAsync(TextWriter output, string program, string scratch, string? server, long count)
    {
        var data = Path.Combine(scratch, $"data-{count}");
        var postgres = server is null ? null : await MakeDatabaseAsync(server, $"cardea_bench_{count}");
        var environment = Published.Environment(data, postgres);
        environment["Cardea__Bootstrap__AdminEmail"] = "admin@example.org";
        environment["Cardea__Bootstrap__AdminPassword"] = AccountMaker.Password;
        using (var first = await Contestant.StartAsync(program, [], environment, "/health"))
        using (var client = new HttpClient { BaseAddress = first.Address })
        {
            using var made = await client.PostAsJsonAsync("/auth/signup", new { email = AccountMaker.Pattern, password = AccountMaker.Password, given_name = "Pat", family_name = "Tern" });
            made.EnsureSuccessStatusCode();
        }

        await AccountMaker.FillAsync(output, postgres, Path.Combine(data, "cardea.db"), count);
        return await Side.OpenAsync(await Contestant.StartAsync(program, [], environment, "/health"), count);
    }

    private static async Task<string> MakeDatabaseAsync(string server, string name)
    {
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        foreach (var statement in (string[])[$"DROP DATABASE IF EXISTS {name} WITH (FORCE)", $"CREATE DATABASE {name}"])
        {
            await using var command = new NpgsqlCommand(statement, connection);
            await command.ExecuteNonQueryAsync();
        }

        return new NpgsqlConnectionStringBuilder(server) { Database = name }.ToString();
    }

    private static async Task CompareAsync(TextWriter output, Side small, Side large)
    {
        (string What, Func<Side, Task> Do)[] tasks =
        [
            ("list: the first page", side => side.GetAsync("/api/admin/users?limit=50")),
            ("list: a page in the middle", side => side.GetAsync($"/api/admin/users?limit=50&cursor={side.Middle}")),
            ("list: 20 disabled accounts", side => side.GetAsync("/api/admin/users?limit=20&status=disabled")),
            ("list: administrators", side => side.GetAsync("/api/admin/users?limit=50&role=admin")),
            ("search: one whole address", side => side.GetAsync($"/api/admin/users?limit=50&query={AccountMaker.EmailOf(side.Count / 3)}")),
            ("search: part of an address", side => side.GetAsync($"/api/admin/users?limit=50&query=son{side.Count / 3}")),
            ("search: a name that many have", side => side.GetAsync("/api/admin/users?limit=50&query=lindqvist")),
            ("search: a name that one in a thousand has", side => side.GetAsync("/api/admin/users?limit=50&query=xanthippe")),
            ("search: three letters", side => side.GetAsync("/api/admin/users?limit=50&query=lin")),
            ("search: two letters", side => side.GetAsync("/api/admin/users?limit=50&query=ka")),
            ("search: an id", side => side.GetAsync($"/api/admin/users?limit=50&query={side.SomeId}")),
            ("search: what nobody has", side => side.GetAsync("/api/admin/users?limit=50&query=zzyzx")),
            ("one account", side => side.GetAsync($"/api/admin/users/{side.SomeId}")),
            ("sign-in", side => side.SignInAsync()),
        ];
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n{"median of " + (Turns * Each) + ", ms",-44}{small.Count,12:N0}{large.Count,12:N0}{"ratio",9}"));
        foreach (var (what, action) in tasks)
        {
            List<double> few = [], lots = [];
            await MeasureAsync(small, action, []);
            await MeasureAsync(large, action, []);
            for (var turn = 0; turn < Turns; turn++)
            {
                await MeasureAsync(small, action, few);
                await MeasureAsync(large, action, lots);
            }

            var (one, other) = (Median(few), Median(lots));
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what,-44}{one,12:0.00}{other,12:0.00}{other / one,9:0.00}"));
        }

        var watch = Stopwatch.StartNew();
        await large.GetAsync("/api/admin/stats");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"the dashboard's figures, counted anew: {watch.Elapsed.TotalMilliseconds:0} ms (kept for five seconds)"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"memory: {small.Server.Memory("VmRSS") / 1024} MiB and {large.Server.Memory("VmRSS") / 1024} MiB"));
    }

    private static async Task MeasureAsync(Side side, Func<Side, Task> action, List<double> times)
    {
        for (var i = 0; i < Each; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await action(side);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>One of the two servers, and its administrator.</summary>
    private sealed class Side : IDisposable
    {
        private readonly HttpClient _client;
        private long _next;

        private Side(Contestant server, long count) => (Server, Count, _client) = (server, count, new HttpClient { BaseAddress = server.Address });

        public Contestant Server { get; }

        public long Count { get; }

        public string Middle { get; private set; } = "";

        public string SomeId { get; private set; } = "";

        public static async Task<Side> OpenAsync(Contestant server, long count)
        {
            var side = new Side(server, count);
            var signedIn = await side.SignInAsync("admin@example.org");
            side._client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", signedIn.GetProperty("access_token").GetString());
            for (var page = 0; page < Few / 50 / 2; page++)
            {
                side.Middle = (await side.GetAsync($"/api/admin/users?limit=50&cursor={side.Middle}")).GetProperty("next_cursor").GetString()!;
            }

            var found = await side.GetAsync($"/api/admin/users?query={AccountMaker.EmailOf(count / 2)}");
            side.SomeId = found.GetProperty("items")[0].GetProperty("id").GetString()!;
            return side;
        }

        public async Task<JsonElement> GetAsync(string path)
        {
            using var answer = await _client.GetAsync(path);
            answer.EnsureSuccessStatusCode();
            return await answer.Content.ReadFromJsonAsync<JsonElement>();
        }

        /// <summary>As somebody else each time, none of them disabled.</summary>
        public Task<JsonElement> SignInAsync() => SignInAsync(AccountMaker.EmailOf((++_next * 50 % Count) + 1));

        public void Dispose()
        {
            _client.Dispose();
            Server.Dispose();
        }

        private async Task<JsonElement> SignInAsync(string email)
        {
            using var answer = await _client.PostAsJsonAsync("/auth/login", new { email, password = AccountMaker.Password });
            answer.EnsureSuccessStatusCode();
            return await answer.Content.ReadFromJsonAsync<JsonElement>();
        }
    }
}
