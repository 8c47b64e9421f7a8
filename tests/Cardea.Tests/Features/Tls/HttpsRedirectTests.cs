using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Tls;

/// <summary>The port for those who type no https.</summary>
public sealed class HttpsRedirectTests
{
    [Theory]
    [InlineData(308)]
    [InlineData(301)]
    public async Task HM_01_Plain_http_is_led_to_the_public_URL_and_to_no_host_that_a_request_names(int status)
    {
        var port = Nginx.FreePort();
        await using var server = await TlsServer.StartAsync(
            TestCertificate.For("login.example.org"), $"--Cardea:Https:RedirectPort={port}", $"--Cardea:Https:RedirectStatus={status.ToString(CultureInfo.InvariantCulture)}");
        using var plain = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        foreach (var host in (string[])["login.example.org", "evil.example", "127.0.0.1"])
        {
            foreach (var (path, leadsTo) in new[]
            {
                ("/", "/"), ("/login?return_url=%2Fdashboard&x=%C3%A4", "/login?return_url=%2Fdashboard&x=%C3%A4"), ("//evil.example/a%0d%0aSet-Cookie:x", "//evil.example/a%0D%0ASet-Cookie:x"),
                ("/.well-known/acme-challenge/token", "/.well-known/acme-challenge/token"),
            })
            {
                foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head])
                {
                    using var request = new HttpRequestMessage(method, new Uri(plain.BaseAddress!.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
                    request.Headers.Host = host;
                    request.Headers.TryAddWithoutValidation("X-Forwarded-Host", "evil.example");
                    request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", "https");
                    using var led = await plain.SendAsync(request);
                    Assert.Equal(status, (int)led.StatusCode);
                    var location = led.Headers.NonValidated["Location"].ToString();
                    Assert.StartsWith("https://login.example.org/", location, StringComparison.Ordinal);
                    Assert.Equal("https://login.example.org" + leadsTo, location);
                    Assert.False(led.Headers.Contains("Strict-Transport-Security")); // RFC 6797 section 7.2
                    Assert.True(led.Headers.Contains("X-Request-Id"));
                }
            }
        }
    }

    [Fact]
    public async Task TL_01_What_may_hold_a_secret_is_refused_and_not_led_on()
    {
        var port = Nginx.FreePort();
        await using var server = await TlsServer.StartAsync(TestCertificate.For("login.example.org"), $"--Cardea:Https:RedirectPort={port}");
        using var plain = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        foreach (var method in (string[])["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "GET with a token"])
        {
            using var request = new HttpRequestMessage(new HttpMethod(method.Split(' ')[0]), "/auth/login");
            request.Headers.Authorization = method.Contains(' ', StringComparison.Ordinal) ? new AuthenticationHeaderValue("Bearer", "secret") : null;
            request.Content = method == "POST" ? new StringContent("""{"login":"alice@example.org","password":"violet tractor lamp nine"}""") : null;
            using var response = await plain.SendAsync(request);
            var refused = await Answer.OfAsync(response);
            refused.Expect(HttpStatusCode.Forbidden, "https_needed");
            Assert.Null(refused.Header("Location"));
        }

        using var client = server.NewClient();
        using var health = await client.GetAsync(new Uri("/health", UriKind.Relative)); // the other port serves as ever
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0", "", true)]
    [InlineData("http://0.0.0.0:0", "10.0.0.10", false)]
    [InlineData("http://127.0.0.1:0", "", false)]
    public async Task TL_01_Plain_http_for_other_machines_without_a_proxy_is_warned_of_in_Production(string url, string proxies, bool isWarned)
    {
        using var folder = new TestFolder();
        await using var server = ServerProcess.Start(folder.Path, [
            "--environment", "Production", "--urls", url, "--Cardea:PublicUrl=https://login.example.org", "--Cardea:Mail:Transport=none", $"--Cardea:TrustedProxies={proxies}"]);
        await server.ListeningAsync();
        Assert.Equal(isWarned, server.Out.Contains("takes plain http from other machines", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Cardea:Https:RedirectPort", "80", "http://login.example.org", "with it Cardea:PublicUrl is needed, with https")]
    [InlineData("Cardea:Https:RedirectPort", "eighty", "https://login.example.org", "allowed is a whole number from 0 to 65535")]
    [InlineData("Cardea:Https:RedirectStatus", "302", "https://login.example.org", "allowed is 308 or 301")]
    public async Task RE_23_A_wrong_setting_is_told(string key, string value, string publicUrl, string told)
    {
        using var folder = new TestFolder();
        var ended = await ServerProcess.RunAsync(folder.Path, ["--environment", "Development", "--urls", "http://127.0.0.1:0", $"--Cardea:PublicUrl={publicUrl}", $"--{key}={value}"]);
        Assert.Equal((2, $"{key}: \"{value}\" was given; {told}.\n"), (ended.ExitCode, ended.Error));
    }
}
