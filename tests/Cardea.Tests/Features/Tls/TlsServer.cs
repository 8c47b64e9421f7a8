using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Tls;

/// <summary>A server with a certificate in PEM, in a folder of its own, and what a client sees of its TLS.</summary>
internal sealed class TlsServer : IAsyncDisposable
{
    private TlsServer(TestFolder folder, ServerProcess process, Uri address) => (Folder, Process, Address) = (folder, process, address);

    public TestFolder Folder { get; }

    public ServerProcess Process { get; }

    public Uri Address { get; }

    public static async Task<TlsServer> StartAsync(TestCertificate certificate, params string[] args)
    {
        var folder = new TestFolder();
        folder.File("cert.pem", certificate.Certificate);
        folder.File("key.pem", certificate.Key);
        return await StartAsync(folder, args);
    }

    /// <param name="folder">Has <c>cert.pem</c> and <c>key.pem</c>.</param>
    /// <param name="args">More of the command line.</param>
    public static async Task<TlsServer> StartAsync(TestFolder folder, params string[] args)
    {
        var process = ServerProcess.Start(folder.Path, [
            "--environment", "Production", "--urls", "https://127.0.0.1:0", "--Cardea:PublicUrl=https://login.example.org", "--Cardea:Mail:Transport=none",
            "--Kestrel:Certificates:Default:Path=cert.pem", "--Kestrel:Certificates:Default:KeyPath=key.pem", .. args]);
        try
        {
            return new(folder, process, await process.ListeningAsync());
        }
        catch
        {
            await process.DisposeAsync();
            folder.Dispose();
            throw;
        }
    }

    /// <summary>The hash of the certificate that a new connection is shown, and what was agreed on.</summary>
    public async Task<(string Hash, SslProtocols Protocol, TlsCipherSuite Suite)> HandshakeAsync(SslProtocols protocols = SslProtocols.None)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, Address.Port);
        await using var tls = new SslStream(tcp.GetStream(), false, (_, shown, _, _) => shown?.Subject == "CN=login.example.org");
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "login.example.org", EnabledSslProtocols = protocols });
        return (tls.RemoteCertificate!.GetCertHashString(), tls.SslProtocol, tls.NegotiatedCipherSuite);
    }

    public Task ShowsAsync(TestCertificate certificate) => Eventually.IsAsync(async () => (await HandshakeAsync()).Hash == certificate.Hash, "the new certificate is shown");

    public HttpClient NewClient(Version? version = null) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.Subject == "CN=login.example.org" },
    })
    {
        BaseAddress = Address,
        DefaultRequestVersion = version ?? HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        Folder.Dispose();
    }
}
