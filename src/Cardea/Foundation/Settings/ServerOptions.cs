using System.Net;
using Cardea.Crypto.Secrets;
using Cardea.Foundation.Data;

namespace Cardea.Foundation.Settings;

/// <summary>What the house itself needs to stand: where it is reached, where its data is, whom it believes.</summary>
public sealed record ServerOptions
{
    /// <summary>Null in Development: then it is the first address that the server listens on.</summary>
    public Uri? PublicUrl { get; init; }

    public string DataDirectory { get; init; } = "./data";

    public Engine Engine { get; init; }

    public string ConnectionString { get; init; } = "";

    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    public bool DocsEnabled { get; init; } = true;

    /// <summary>How long the server goes on serving after it was told to stop, and says that it is not ready.</summary>
    public TimeSpan Drain { get; init; }

    /// <summary>The port on which plain http is led on to the public URL; 0 when there is none.</summary>
    public int RedirectPort { get; init; }

    public int RedirectStatus { get; init; } = 308;

    internal MasterKey? MasterKey { get; init; }

    public override string ToString() => "[server options]"; // a connection string holds a password

    internal static ServerOptions Read(SettingsReader settings, bool isProduction)
    {
        var directory = settings.Text("DataDirectory", "./data", "the SQLite file, generated keys and certificates; made with mode 0700")!;
        var engine = settings.Choice("Database:Provider", Engine.Sqlite, "`sqlite` or `postgres`");
        var publicUrl = ReadPublicUrl(settings, isProduction);
        return new()
        {
            PublicUrl = publicUrl,
            DataDirectory = directory,
            Engine = engine,
            ConnectionString = ReadConnectionString(settings, engine, directory),
            AllowedOrigins = ReadOrigins(settings),
            TrustedProxies = ReadProxies(settings),
            DocsEnabled = settings.Flag("Docs:Enabled", true, "whether `/docs` and `/openapi/v1.json` are served"),
            MasterKey = ReadMasterKey(settings),
            Drain = TimeSpan.FromSeconds(settings.Number(
                "Shutdown:DrainSeconds", 0, 0, 300, "how long a server that was told to stop still takes requests, while `/health/ready` says 503, so that proxies send them elsewhere; then come up to 10 s for what is in flight")),
            RedirectPort = ReadRedirectPort(settings, publicUrl),
            RedirectStatus = ReadRedirectStatus(settings),
        };
    }

    private static Uri? ReadPublicUrl(SettingsReader settings, bool isProduction)
    {
        var given = settings.Text("PublicUrl", meaning: "where people reach the server: links in mail, token issuer, cookie security; required in Production, otherwise the first listening URL");
        if (given is null && !isProduction)
        {
            return null;
        }

        if (Web.PublicUrl.IsAllowed(given, out var url))
        {
            return url;
        }

        settings.Fault("PublicUrl", given, $"{(isProduction ? "needed in Production" : "allowed")} is the address that people use, such as https://id.example.org, without a path");
        return null;
    }

    private static int ReadRedirectPort(SettingsReader settings, Uri? publicUrl)
    {
        var port = settings.Number("Https:RedirectPort", 0, 0, 65_535, "a port that takes plain http, on every address, and leads GET and HEAD on to `PublicUrl`; 0 is none");
        if (port > 0 && publicUrl?.Scheme != Uri.UriSchemeHttps)
        {
            settings.Fault("Https:RedirectPort", port.ToString(System.Globalization.CultureInfo.InvariantCulture), "with it Cardea:PublicUrl is needed, with https");
        }

        return port;
    }

    private static int ReadRedirectStatus(SettingsReader settings)
    {
        var given = settings.Text("Https:RedirectStatus", "308", "with which status: `308` or `301`");
        if (given is "308" or "301")
        {
            return given == "301" ? 301 : 308;
        }

        settings.Fault("Https:RedirectStatus", given, "allowed is 308 or 301");
        return 308;
    }

    private static string ReadConnectionString(SettingsReader settings, Engine engine, string directory)
    {
        var given = settings.Secret("Database:ConnectionString", "ADO.NET connection string; for SQLite a file in the data directory when unset");
        if (given is null && engine is Engine.Postgres)
        {
            settings.Fault("Database:ConnectionString", null, "needed with Database:Provider postgres is something like Host=localhost;Username=cardea;Password=…;Database=cardea");
        }

        var text = given ?? $"Data Source={Path.Combine(directory, "cardea.db")}";
        try
        {
            if (given is not null)
            {
                Parse(engine, given);
            }
        }
        catch (ArgumentException)
        {
            // The library's message quotes what it stumbled over, which may be a piece of the password.
            settings.Fault("Database:ConnectionString", Setting.Masked, engine is Engine.Postgres
                ? "allowed is a connection string of Npgsql, such as Host=localhost;Username=cardea;Password=…;Database=cardea; every part is Keyword=value"
                : "allowed is a connection string of Microsoft.Data.Sqlite, such as Data Source=/var/lib/cardea/cardea.db; every part is Keyword=value");
        }

        return text;
    }

    /// <summary>Each engine's library is loaded only where it is used.</summary>
    private static void Parse(Engine engine, string text)
    {
        if (engine is Engine.Postgres)
        {
            PostgresDatabase.Check(text);
        }
        else
        {
            SqliteDatabase.Check(text);
        }
    }

    private static IReadOnlyList<string> ReadOrigins(SettingsReader settings)
    {
        var given = settings.List("Cors:AllowedOrigins", "origins whose scripts may call the JSON API with a bearer token");
        foreach (var origin in given)
        {
            if (!Web.PublicUrl.IsAllowed(origin, out var url) || url!.GetLeftPart(UriPartial.Authority) != origin)
            {
                settings.Fault("Cors:AllowedOrigins", origin, "allowed are origins such as https://app.example.org, without a path; never * or null");
            }
        }

        return given;
    }

    private static List<IPNetwork> ReadProxies(SettingsReader settings)
    {
        var networks = new List<IPNetwork>();
        foreach (var given in settings.List("TrustedProxies", "addresses or networks whose `X-Forwarded-For` and `-Proto` are believed"))
        {
            if (IPNetwork.TryParse(given, out var network))
            {
                networks.Add(network);
            }
            else if (IPAddress.TryParse(given, out var address))
            {
                networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            }
            else
            {
                settings.Fault("TrustedProxies", given, "allowed are addresses such as 10.0.0.7 and networks such as 10.0.0.0/8");
            }
        }

        return networks;
    }

    private static MasterKey? ReadMasterKey(SettingsReader settings)
    {
        var given = settings.Secret("MasterKey", "base64 of 32 bytes that encrypts keys and secrets at rest; made in the data directory when unset");
        if (given is null)
        {
            return null;
        }

        if (Crypto.Secrets.MasterKey.TryParse(given, out var key))
        {
            return key;
        }

        settings.Fault("MasterKey", Setting.Masked, "allowed is base64 of 32 random bytes, such as `openssl rand -base64 32` gives");
        return null;
    }
}
