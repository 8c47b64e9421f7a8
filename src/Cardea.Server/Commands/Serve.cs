using System.Text.RegularExpressions;
using Cardea.Features.Passwords;
using Cardea.Features.Setup;
using Cardea.Foundation.Jobs;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Cardea.Server.Tls;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Configuration.Json;

namespace Cardea.Server.Commands;

/// <summary><c>cardea serve</c></summary>
public static partial class Serve
{
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(10);

    internal static Command Command { get; } = new("serve", "[--urls URL] [--https]", "Serves, until SIGTERM or Ctrl+C.", call => RunAsync(
        [.. call.Configuration, .. call.Has("urls") ? [$"--urls={call.Option("urls")}"] : (string[])[], .. call.Has("https") ? ["--https"] : (string[])[]]))
    {
        More = """
            --urls URL    where it listens, such as http://localhost:8080; several with a semicolon between them
            --https       on https://localhost:8443 with a certificate of its own, kept in the data directory, for trying things out
            """,
    };

    public static async Task<int> RunAsync(string[] args)
    {
        Job.Settling = TimeSpan.FromMilliseconds(500);
        var app = Build(args);
        await using (app)
        {
            try
            {
                await StartAsync(app);
            }
            catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
            {
                await app.StopAsync();
                return 0; // told to stop while it started
            }
            catch
            {
                await app.StopAsync(); // the jobs have begun; what ends the start should be the last that is read, not their complaints
                throw;
            }

            await app.WaitForShutdownAsync();
            return 0;
        }
    }

    /// <summary>Starts what was built and says where it listens.</summary>
    public static async Task StartAsync(WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        await app.StartAsync();
        await app.Services.GetRequiredService<SetupLink>().IssueAsync();
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Cardea");
        IReadOnlyList<string> addresses = [.. app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? []];
        var server = app.Services.GetRequiredService<ServerOptions>();
        if (app.Environment.IsProduction() && server.TrustedProxies.Count == 0 && addresses.FirstOrDefault(address => IsOpen(address, server)) is { } open)
        {
            LogOpen(log, open);
        }

        if (app.Services.GetRequiredService<PasswordsOptions>().Cost is { MeetsMinimum: false } cost)
        {
            LogCheap(log, cost.MemoryKiB, cost.Iterations);
        }

        LogListening(log, addresses.FirstOrDefault(address => BindingAddress.Parse(address).Port != server.RedirectPort) ?? app.Services.GetRequiredService<PublicUrl>().Text);
    }

    /// <summary>Whether passwords may come in there readable for others than this machine.</summary>
    private static bool IsOpen(string address, ServerOptions server) =>
        BindingAddress.Parse(address) is { Scheme: "http", IsUnixPipe: false } plain && plain.Port != server.RedirectPort
        && !plain.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) && !(System.Net.IPAddress.TryParse(plain.Host, out var bound) && System.Net.IPAddress.IsLoopback(bound));

    /// <param name="args">The command line without the command.</param>
    /// <param name="customize">Adds to the builder before Cardea does: a clock, another source of configuration.</param>
    /// <param name="log">The last word on where logs go.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? customize = null, Action<ILoggingBuilder>? log = null)
    {
        ArgumentNullException.ThrowIfNull(args);
        var builder = Configure([.. args.Where(arg => arg != "--https")], customize, log);
        TlsSetup.Use(builder, args.Contains("--https") ? LocalCertificate.Use(builder) : null);
        CheckUrls(builder.Configuration["urls"]);
        ListenForRedirects(builder);

        var app = builder.Build();
        app.UseCardea();
        app.UseSwagger();
        app.MapCardea();
        return app;
    }

    /// <summary>The product from its settings; a command takes it as it is and never listens.</summary>
    /// <exception cref="SettingsException">Settings are wrong.</exception>
    internal static WebApplicationBuilder Configure(string[] args, Action<WebApplicationBuilder>? customize = null, Action<ILoggingBuilder>? log = null)
    {
        // appsettings.json beside the program, the one in the working directory, then .env, then the environment, then the command line: the nearer to
        // the running process, the stronger.
        if (File.Exists(".env"))
        {
            EnvironmentFile.Apply(EnvironmentFile.Parse(File.ReadAllText(".env")));
        }

        // The settings are read once, so nobody needs to watch their file.
        Environment.SetEnvironmentVariable("DOTNET_hostBuilder__reloadConfigOnChange", "false");
        var builder = Begin(args);
        customize?.Invoke(builder);
        FindCertificates(builder.Configuration);
        Logs.Configure(builder);
        log?.Invoke(builder.Logging);
        // Before Cardea's own: what is asked first to start is asked last before a stop, and the drain comes before the door is shut.
        var sockets = new ListenSockets();
        builder.Services.AddSingleton<IHostedService>(sockets);
        builder.Services.Configure<SocketTransportOptions>(options => options.CreateBoundListenSocket = sockets.Make);
        builder.Services.AddCardea(builder.Configuration, builder.Environment);
        builder.Services.AddTelemetry(builder.Configuration);
        builder.Services.AddOptions<HostOptions>().Configure<ServerOptions>((options, server) => options.ShutdownTimeout = server.Drain + LongestStop);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel((context, kestrel) => Limit(kestrel));
        return builder;
    }

    private static WebApplicationBuilder Begin(string[] args)
    {
        try
        {
            var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
            ReadWorkingDirectory(builder);
            return builder;
        }
        catch (InvalidDataException fault)
        {
            throw new SettingsException([$"{fault.Message} {fault.InnerException?.Message}".Trim()]); // an appsettings.json that is no JSON; the message names it
        }
    }

    /// <summary>After the files beside the program, and before all that is nearer.</summary>
    private static void ReadWorkingDirectory(WebApplicationBuilder builder)
    {
        var folder = Directory.GetCurrentDirectory();
        if (folder == Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory))
        {
            return;
        }

        IList<IConfigurationSource> sources = builder.Configuration.Sources;
        var at = sources.Index().Where(one => one.Item is JsonConfigurationSource).Select(one => one.Index + 1).DefaultIfEmpty(0).Max();
        foreach (var name in new[] { "appsettings.json", $"appsettings.{builder.Environment.EnvironmentName}.json" })
        {
            if (File.Exists(Path.Combine(folder, name)))
            {
                var source = new JsonConfigurationSource { Path = Path.Combine(folder, name) };
                source.ResolveFileProvider();
                sources.Insert(at++, source);
            }
        }
    }

    /// <summary>Beside whatever else it listens on, however that is said.</summary>
    private static void ListenForRedirects(WebApplicationBuilder builder)
    {
        if (!int.TryParse(builder.Configuration["Cardea:Https:RedirectPort"], out var port) || port == 0)
        {
            return;
        }

        var url = $"http://*:{port}";
        if (builder.Configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
        {
            builder.Configuration["Kestrel:Endpoints:CardeaHttpsRedirect:Url"] = url;
        }
        else
        {
            List<string> urls = [.. Listed("urls")];
            if (urls.Count == 0)
            {
                urls = [.. Listed("https_ports").Select(one => $"https://*:{one}"), .. Listed("http_ports").Select(one => $"http://*:{one}")];
            }

            if (urls.Count == 0)
            {
                urls.Add("http://localhost:5000"); // the framework's own, which it forgets where anything is said
            }

            builder.WebHost.UseUrls([.. urls, .. urls.Any(one => BindingAddress.Parse(one).Port == port) ? (string[])[] : [url]]);
        }

        string[] Listed(string key) => (builder.Configuration[key] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <exception cref="SettingsException">Kestrel would fail on one of them, with a stack trace.</exception>
    private static void CheckUrls(string? urls)
    {
        var faults = (urls ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(url => !IsUrl(url))
            .Select(url => $"urls: \"{url}\" was given; allowed are addresses such as http://localhost:8080, in --urls or ASPNETCORE_URLS.")
            .ToList();
        if (faults.Count > 0)
        {
            throw new SettingsException(faults);
        }
    }

    private static bool IsUrl(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            return address.Scheme is "http" or "https" && (address.IsUnixPipe || address.Port is >= 0 and <= ushort.MaxValue);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>A certificate is looked for from where the program was started, as the data directory is, and not beside the program.</summary>
    /// <exception cref="SettingsException">A file is absent: Kestrel would say so with a stack trace, and not name the setting.</exception>
    private static void FindCertificates(ConfigurationManager configuration)
    {
        var files = new Dictionary<string, string?>();
        var missing = new List<string>();
        foreach (var (key, value) in configuration.GetSection("Kestrel").AsEnumerable())
        {
            if (string.IsNullOrEmpty(value) || !CertificateFile().IsMatch(key))
            {
                continue;
            }

            files[key] = Path.GetFullPath(value);
            if (!File.Exists(files[key]))
            {
                missing.Add($"{key}: \"{files[key]}\" was given; needed is a file that this process can read.");
            }
        }

        if (missing.Count > 0)
        {
            throw new SettingsException(missing);
        }

        configuration.AddInMemoryCollection(files);
    }

    [GeneratedRegex(@"^Kestrel:(Certificates:[^:]+|Endpoints:[^:]+(:Sni:[^:]+)?:Certificate):(Path|KeyPath)$", RegexOptions.IgnoreCase)]
    private static partial Regex CertificateFile();

    private static void Limit(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = 1024 * 1024; // what a door reads is far less; the rest is refused unread, and drained so that the sender hears of it
        // Who sends a body more slowly is cut off after five seconds: a connection that is held open on purpose holds nothing else.
        kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 4096, gracePeriod: TimeSpan.FromSeconds(5));
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(75);
    }

    [LoggerMessage(2, LogLevel.Warning, "{Url} takes plain http from other machines, and no proxy is named that ends TLS: set Cardea:TrustedProxies, listen on 127.0.0.1, or serve https")]
    private static partial void LogOpen(ILogger log, string url);

    [LoggerMessage(3, LogLevel.Warning, "Passwords are hashed with {MemoryKiB} KiB and {Iterations} passes of Argon2id, less than OWASP asks for: leave Cardea:Passwords:MemoryKiB at 19456 and :Iterations at 2, or raise them")]
    private static partial void LogCheap(ILogger log, int memoryKiB, int iterations);

    [LoggerMessage(1, LogLevel.Information, "Cardea is listening on {Url}")]
    private static partial void LogListening(ILogger log, string url);
}
