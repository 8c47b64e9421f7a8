using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stories;

/// <summary>TLS with the <c>server.crt</c> and <c>server.key</c> that lie beside the <c>.env</c>, as "Simple Authentication Server" was run.</summary>
public sealed class OwnCertificateStory
{
    private const string Settings =
        """
        ASPNETCORE_ENVIRONMENT=Production
        ASPNETCORE_URLS=https://127.0.0.1:0
        Cardea__PublicUrl=https://login.example.org
        Cardea__Mail__Transport=none
        Kestrel__Certificates__Default__Path=server.crt
        Kestrel__Certificates__Default__KeyPath=server.key
        """;

    [Fact]
    public async Task The_certificate_beside_the_settings_serves_https()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=login.example.org", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var folder = new TestFolder();
        folder.File(".env", Settings);
        folder.File("server.crt", certificate.ExportCertificatePem());
        folder.File("server.key", key.ExportPkcs8PrivateKeyPem());
        await using var program = ServerProcess.Start(folder.Path, []);
        var address = await program.ListeningAsync();
        Assert.Equal("https", address.Scheme);
        using var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == certificate.GetCertHashString() },
        });

        using var health = await client.GetAsync(new Uri(address, "/health"));

        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.Contains("max-age=", health.Headers.GetValues("Strict-Transport-Security").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_is_not_there_is_named_and_ends_the_start()
    {
        using var folder = new TestFolder();
        folder.File(".env", Settings);
        var ended = await ServerProcess.RunAsync(folder.Path, []);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains("Kestrel:Certificates:Default:Path", ended.Error, StringComparison.Ordinal);
        Assert.Contains("Kestrel:Certificates:Default:KeyPath", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Out + ended.Error, StringComparison.Ordinal);
    }
}
