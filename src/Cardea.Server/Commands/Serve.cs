using System.Text.RegularExpressions;
using Cardea.Features.Passwords;
using Cardea.Features.Setup;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

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
        var app = Build(args);
        await using (app)
        {
            try
            {
                await StartAsync(app);
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
        await app.Services.GetRequiredService<AdminBootstrap>().RunAsync();
        await app.Services.GetRequiredService<SetupLink>().IssueAsync();
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Cardea");
        var address = app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault();
        LogListening(log, address ?? app.Services.GetRequiredService<PublicUrl>().Text);
    }

    /// <param name="args">The command line without the command.</param>
    /// <param name="customize">Adds to the builder before Cardea does: a clock, another source of configuration.</param>
    /// <param name="log">The last word on where logs go.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? customize = null, Action<ILoggingBuilder>? log = null)
    {
        ArgumentNullException.ThrowIfNull(args);
        var builder = Configure([.. args.Where(arg => arg != "--https")], customize, log);
        if (args.Contains("--https"))
        {
            LocalCertificate.Use(builder);
        }

        CheckUrls(builder.Configuration["urls"]);

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
        // appsettings.json, then .env, then the environment, then the command line: the nearer to the running process, the stronger.
        if (File.Exists(".env"))
        {
            EnvironmentFile.Apply(EnvironmentFile.Parse(File.ReadAllText(".env")));
        }

        // The settings are read once, so nobody needs to watch their file.
        Environment.SetEnvironmentVariable("DOTNET_hostBuilder__reloadConfigOnChange", "false");
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        customize?.Invoke(builder);
        FindCertificates(builder.Configuration);
        Logs.Configure(builder);
        log?.Invoke(builder.Logging);
        builder.Services.AddCardea(builder.Configuration, builder.Environment);
        builder.Services.AddTelemetry(builder.Configuration);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = LongestStop);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel((context, kestrel) => Limit(kestrel));
        return builder;
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
        var files = configuration.GetSection("Kestrel").AsEnumerable()
            .Where(setting => !string.IsNullOrEmpty(setting.Value) && CertificateFile().IsMatch(setting.Key))
            .ToDictionary(setting => setting.Key, string? (setting) => Path.GetFullPath(setting.Value!));
        var missing = files.Where(file => !File.Exists(file.Value)).Select(file => $"{file.Key}: \"{file.Value}\" was given; needed is a file that this process can read.").ToList();
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

    [LoggerMessage(1, LogLevel.Information, "Cardea is listening on {Url}")]
    private static partial void LogListening(ILogger log, string url);
}
