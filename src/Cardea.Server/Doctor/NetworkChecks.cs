using System.Net;
using System.Security.Authentication;
using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Foundation.Data;
using Cardea.Foundation.Settings;

namespace Cardea.Server.Doctor;

/// <summary>Whether the public URL, what the server listens on and the proxies that are believed fit together.</summary>
internal static class NetworkChecks
{
    private const int SampledEvents = 50;
    private const int LeastEvents = 10;
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(30);

    public static void RunSettings(Report report, ServerOptions server, MailOptions mail, IConfiguration configuration, IHostEnvironment environment)
    {
        foreach (var wide in server.TrustedProxies.Where(network => network.PrefixLength == 0))
        {
            report.Fault("proxies", $"Cardea:TrustedProxies has {wide}: whoever connects may say what address it comes from.", "Name the addresses of your proxies, such as 127.0.0.1 or 10.0.0.0/8.");
        }

        if (server.PublicUrl is not { IsLoopback: false } url)
        {
            return;
        }

        var hasTls = configuration["Kestrel:Certificates:Default:Path"] is { Length: > 0 } || configuration.GetSection("Kestrel:Endpoints").GetChildren().Any() || (configuration["urls"] ?? "").Contains("https:", StringComparison.OrdinalIgnoreCase);
        if (url.Scheme == Uri.UriSchemeHttp)
        {
            report.Fault("public url", $"{url} is plain http: passwords and cookies travel so that anybody on the way can read them.", "Put TLS in front (docs/guides/reverse-proxy.md), and set Cardea:PublicUrl to the https address.");
        }
        else if (!hasTls && server.TrustedProxies.Count == 0)
        {
            report.Fault("proxies", $"{url} is https and this server has no certificate, so a proxy stands in front, and none is believed: all visitors share the proxy's address, and its limits.", "Set Cardea:TrustedProxies to the proxy's address, such as 127.0.0.1, and let it send X-Forwarded-For and X-Forwarded-Proto.");
        }

        if (environment.IsDevelopment() && mail.Transport is MailTransport.Mailbox)
        {
            report.Fault("environment", $"It is Development, with a public URL: behind a proxy on this machine that is not in Cardea:TrustedProxies, strangers can read /dev/mail.", "Set ASPNETCORE_ENVIRONMENT=Production and Cardea:Mail:Transport=smtp.");
        }
    }

    /// <summary>What has happened tells more than what is set: if everybody comes from one inner address, that is a proxy's.</summary>
    public static async Task RunAddressesAsync(Report report, IServiceProvider services, ServerOptions server)
    {
        if (server.PublicUrl is not { IsLoopback: false })
        {
            return;
        }

        var addresses = await services.GetRequiredService<Database>().ReadAsync(scope => services.GetRequiredService<AuditStore>().ListNewestAddressesAsync(scope, SampledEvents));
        if (addresses.Count >= LeastEvents && addresses.Distinct().ToList() is [var only] && IPAddress.TryParse(only, out var address) && IsInner(address))
        {
            report.Fault("proxies", $"The last {addresses.Count} events all come from {only}: that is a proxy, not a visitor.", server.TrustedProxies.Any(network => network.Contains(address))
                ? "It is believed, but sends no X-Forwarded-For, or another proxy before it is not in Cardea:TrustedProxies."
                : $"Add {only} to Cardea:TrustedProxies, and let it send X-Forwarded-For and X-Forwarded-Proto.");
        }
    }

    /// <summary>Asks the server at its public address, as a visitor would.</summary>
    public static async Task ProbeAsync(Report report, ServerOptions server, TimeProvider clock)
    {
        if (server.PublicUrl is not { } url)
        {
            return;
        }

        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var http = new HttpClient(handler) { Timeout = ProbeLimit };
        try
        {
            using var answer = await http.GetAsync(new Uri(url, "/health"));
            if (!answer.Headers.Contains("X-Request-Id") || answer.StatusCode is not HttpStatusCode.OK)
            {
                report.Fault("public url", $"{url} answers {(int)answer.StatusCode}, and it is not Cardea that does.", "Let the proxy pass every path and the Host header to this server: docs/guides/reverse-proxy.md.");
            }
            else if (answer.Headers.Date is { } date && (date - clock.GetUtcNow()).Duration() > ClockTolerance)
            {
                report.Fault("clock", $"{url} says it is {date:yyyy-MM-dd HH:mm:ss}Z; here it is {clock.GetUtcNow():yyyy-MM-dd HH:mm:ss}Z.", "Synchronize both clocks.");
            }
            else
            {
                report.Ok("public url", $"{url} answers, and it is Cardea");
            }
        }
        catch (HttpRequestException fault) when (fault.InnerException is AuthenticationException)
        {
            report.Fault("public url", $"{url} has a certificate that is not good: {fault.InnerException.Message}", "It must be valid for that name and come from an authority that browsers trust.");
        }
        catch (Exception fault) when (fault is HttpRequestException or TaskCanceledException)
        {
            report.Note("public url", $"{url} can't be reached from here ({fault.Message}).", "That is so while no server runs, and on some networks. If people can't reach it either, look at the DNS, the proxy and the firewall.");
        }
    }

    private static bool IsInner(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return IPAddress.IsLoopback(address) || address.IsIPv6UniqueLocal || address.IsIPv6LinkLocal
            || (bytes.Length == 4 && (bytes[0] is 10 || (bytes[0], bytes[1]) is (192, 168) or (169, 254) || (bytes[0] is 172 && bytes[1] is >= 16 and < 32)));
    }
}
