using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Cardea.Foundation.Data;

namespace Cardea.Tests.Harness;

/// <summary>The program as a process of its own on a test's database: it can be killed and started again, and what becomes of its clients is told as it is.</summary>
public sealed class RunningServer : IAsyncDisposable
{
    private readonly TestDatabase _database;
    private readonly (string Key, string Value)[] _settings;
    private readonly string? _program;
    private readonly List<HttpClient> _clients = [];
    private ServerProcess _process;

    private RunningServer(TestDatabase database, (string Key, string Value)[] settings, string? program)
    {
        (_database, _settings, _program) = (database, settings, program);
        _process = Launch();
        Http = null!;
    }

    public HttpClient Http { get; private set; }

    public ServerProcess Process => _process;

    public Uri Address => Http.BaseAddress!;

    public static Task<RunningServer> StartAsync(TestDatabase database, params (string Key, string Value)[] settings) => StartAsync(null, database, settings);

    /// <param name="program">Another build of the program than the one under test; null for that.</param>
    /// <param name="database">What it works on.</param>
    /// <param name="settings">Keys below <c>Cardea:</c>.</param>
    public static async Task<RunningServer> StartAsync(string? program, TestDatabase database, params (string Key, string Value)[] settings)
    {
        var server = new RunningServer(database, settings, program);
        try
        {
            await server.ReadyAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Kills it when it still runs, and starts it anew.</summary>
    /// <returns>How long it took until it listened again.</returns>
    public async Task<TimeSpan> RestartAsync()
    {
        await _process.DisposeAsync();
        var begun = Stopwatch.GetTimestamp();
        _process = Launch();
        await ReadyAsync();
        return Stopwatch.GetElapsedTime(begun);
    }

    /// <summary>What becomes of a further node that can't start.</summary>
    public async Task<Ended> AnotherFailsAsync()
    {
        await using var another = Launch();
        return await another.EndAsync();
    }

    /// <summary>Null when there was no answer: the connection was refused, cut, or silent for longer than anybody waits.</summary>
    /// <param name="method">The request's method.</param>
    /// <param name="path">A path of this server, or the whole address of another.</param>
    /// <param name="body">What is sent as JSON.</param>
    /// <param name="token">An access token.</param>
    /// <param name="from">The address that it seems to come from, as a proxy would say.</param>
    public async Task<Answer?> TryAsync(HttpMethod method, string path, object? body = null, string? token = null, string? from = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (from is not null)
        {
            request.Headers.Add("X-Forwarded-For", from);
        }

        if (body is not null)
        {
            request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        }

        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        try
        {
            using var response = await Http.SendAsync(request);
            return await Answer.OfAsync(response);
        }
        catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or IOException)
        {
            return null;
        }
    }

    public Task<Answer?> TryPostAsync(string path, object body, string? token = null) => TryAsync(HttpMethod.Post, path, body, token);

    public Task<Answer?> TryGetAsync(string path, string? token = null) => TryAsync(HttpMethod.Get, path, null, token);

    public async Task<Answer> PostAsync(string path, object body, string? token = null) => await TryPostAsync(path, body, token) ?? throw new InvalidOperationException($"{path} was not answered.\n{_process.Out}");

    public async Task<Answer> GetAsync(string path, string? token = null) => await TryGetAsync(path, token) ?? throw new InvalidOperationException($"{path} was not answered.\n{_process.Out}");

    /// <summary>A figure of the process as Linux tells it, such as <c>Threads</c> or <c>VmRSS</c> (in KiB).</summary>
    public long Status(string name) => long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal)).Split(':')[1].Replace("kB", "", StringComparison.Ordinal).Trim(),
        CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await _process.DisposeAsync();
    }

    private ServerProcess Launch()
    {
        var all = new Dictionary<string, string>
        {
            ["PublicUrl"] = "http://localhost:8099",
            ["DataDirectory"] = _database.Directory,
            ["Database:Provider"] = _database.Engine is Engine.Sqlite ? "sqlite" : "postgres",
            ["Database:ConnectionString"] = _database.ConnectionString,
            ["TrustedProxies"] = "127.0.0.1", // who asks from here may say where it comes from
            ["Passwords:MemoryKiB"] = "1024",
            ["Passwords:Iterations"] = "1",
        };
        foreach (var (key, value) in _settings)
        {
            all[key] = value;
        }

        return ServerProcess.Start(_database.Directory, ["--environment", "Development", "--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default=Warning", "--Logging:LogLevel:Cardea=Information", .. all.Select(pair => $"--Cardea:{pair.Key}={pair.Value}")], program: _program);
    }

    private async Task ReadyAsync()
    {
        var address = await _process.ListeningAsync();
        Http = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, MaxConnectionsPerServer = 512, ConnectTimeout = TimeSpan.FromSeconds(5) })
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromSeconds(15), // longer than any promise
        };
        _clients.Add(Http); // somebody may still wait on the one before
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/health/ready")).Status);
    }
}
