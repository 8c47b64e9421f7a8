using System.Net;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Cardea.Server.Commands;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Cardea.Tests.Harness;

/// <summary>
/// The real program on a real Kestrel and a real database, with a clock that can be moved and a cheap password hash. Everything is done
/// through the door; only what can't be seen there is looked up in the database.
/// </summary>
public sealed class TestApp : ISite, IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly bool _ownsDatabase;

    private TestApp(WebApplication app, TestDatabase database, ManualClock clock, CapturedLogs logs, bool ownsDatabase)
    {
        (_app, Database, Clock, Logs, _ownsDatabase) = (app, database, clock, logs, ownsDatabase);
        Address = new Uri(app.Urls.First());
        Http = NewClient();
    }

    public Uri Address { get; }

    public TestDatabase Database { get; }

    public ManualClock Clock { get; }

    public CapturedLogs Logs { get; }

    public IServiceProvider Services => _app.Services;

    public string Origin => Services.GetRequiredService<PublicUrl>().Text;

    /// <summary>A client without cookies.</summary>
    public HttpClient Http { get; }

    /// <param name="engine">On which database.</param>
    /// <param name="settings">Keys below <c>Cardea:</c>, or whole keys with a colon in front.</param>
    public static Task<TestApp> StartAsync(Engine engine, params (string Key, string Value)[] settings) => StartAsync(engine, null, null, settings);

    /// <summary>A further node on the same database, with the same master key.</summary>
    public Task<TestApp> StartNodeAsync(params (string Key, string Value)[] settings) => StartAsync(Database.Engine, Database, Clock, settings);

    public static async Task<TestApp> StartAsync(Engine engine, TestDatabase? database, ManualClock? clock, params (string Key, string Value)[] settings)
    {
        var own = database is null;
        database ??= await TestDatabase.WithSchemaAsync(engine);
        clock ??= new ManualClock();
        var logs = new CapturedLogs();
        var all = new Dictionary<string, string>
        {
            ["Cardea:DataDirectory"] = database.Directory,
            ["Cardea:Database:Provider"] = engine is Engine.Sqlite ? "sqlite" : "postgres",
            ["Cardea:Database:ConnectionString"] = database.ConnectionString,
            ["Cardea:Passwords:MemoryKiB"] = "1024",
            ["Cardea:Passwords:Iterations"] = "1",
            ["Logging:LogLevel:Default"] = "Debug",
        };
        foreach (var (key, value) in settings)
        {
            all[key.StartsWith(':') ? key[1..] : "Cardea:" + key] = value;
        }

        string[] args = ["--urls", "http://127.0.0.1:0", "--environment", "Development", .. all.Select(pair => $"--{pair.Key}={pair.Value}")];
        var app = Serve.Build(args, builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(clock);
        }, logging =>
        {
            logging.ClearProviders();
            logging.AddProvider(logs);
            logging.SetMinimumLevel(LogLevel.Trace);
        });
        await Serve.StartAsync(app);
        return new TestApp(app, database, clock, logs, own);
    }

    public HttpClient NewClient(CookieContainer? cookies = null) => new(new SocketsHttpHandler
    {
        UseCookies = cookies is not null,
        CookieContainer = cookies ?? new CookieContainer(),
        AllowAutoRedirect = false,
        MaxConnectionsPerServer = 256,
    })
    {
        BaseAddress = Address,
        Timeout = TimeSpan.FromSeconds(60),
    };

    /// <summary>Somebody with a browser or client of their own.</summary>
    public Actor NewActor(string? name = null) => new(this, name);

    /// <summary>An administrator who is signed in; made in the database, since only an administrator could make one.</summary>
    public async Task<Actor> NewAdministratorAsync(string? name = null)
    {
        var admin = await NewActor(name ?? "root").SignUpAsync();
        await admin.VerifyAsync();
        await Services.GetRequiredService<Database>().WriteAsync(async transaction =>
        {
            await transaction.ExecuteAsync("INSERT INTO account_roles (account_id, role) VALUES (@Id, 'admin')", new { admin.Id });
            transaction.Invalidate(Cardea.Features.Accounts.AccountDirectory.Topic, admin.Id!);
        });
        return await admin.SignInAsync();
    }

    /// <summary>What was mailed to an address, newest first. Asking delivers what is due.</summary>
    public async Task<IReadOnlyList<TestMail>> MailsToAsync(string address)
    {
        using var answer = await Http.GetAsync(new Uri($"/dev/mail/messages?to={Uri.EscapeDataString(address)}", UriKind.Relative));
        var mails = await Answer.OfAsync(answer);
        return [.. mails.Json.EnumerateArray().Select(TestMail.Of)];
    }

    public async Task<TestMail> LastMailToAsync(string address) =>
        (await MailsToAsync(address)).FirstOrDefault() ?? throw new InvalidOperationException($"No mail went to {address}.");

    /// <summary>Until the audit rows that were written have their place in the chain.</summary>
    public Task SealedAsync() => Eventually.IsAsync(async () => await Database.ScalarAsync<long>("SELECT COUNT(*) FROM audit_chain WHERE number IS NULL") == 0, "the audit rows were sealed");

    public async Task StopAsync() => await _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        if (_ownsDatabase)
        {
            await Database.DisposeAsync();
        }
    }
}

/// <summary>A mail of the development mailbox.</summary>
public sealed record TestMail(string Id, string To, string Subject, string Text, string Html, IReadOnlyList<string> Links, string? Code)
{
    /// <summary>The token of its link.</summary>
    public string Token => Uri.UnescapeDataString(new Uri(Links.Single()).Query.Split("token=")[1]);

    public static TestMail Of(JsonElement mail) => new(
        mail.GetProperty("id").GetString()!,
        mail.GetProperty("to").GetString()!,
        mail.GetProperty("subject").GetString()!,
        mail.GetProperty("text").GetString()!,
        mail.GetProperty("html").GetString()!,
        [.. mail.GetProperty("links").EnumerateArray().Select(link => link.GetString()!)],
        mail.GetProperty("code").GetString());
}
