using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Cardea.Foundation.Settings;

namespace Cardea.Server.Tls;

/// <summary><c>--https</c>: a self-signed certificate for localhost, kept in the data directory, for trying things out.</summary>
internal static class LocalCertificate
{
    private const string FileName = "localhost.pem";
    private const string Url = "https://localhost:8443";
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    private static readonly TimeSpan RenewedBefore = TimeSpan.FromDays(7);

    public static CertificateFile Use(WebApplicationBuilder builder)
    {
        var directory = builder.Configuration["Cardea:DataDirectory"] ?? "./data";
        DataDirectory.Prepare(directory);
        var path = Path.Combine(directory, FileName);
        LoadOrMake(path, TimeProvider.System).Dispose();
        if (string.IsNullOrEmpty(builder.Configuration["urls"]))
        {
            builder.WebHost.UseUrls(Url);
        }

        return CertificateFile.Local(path);
    }

    internal static X509Certificate2 LoadOrMake(string path, TimeProvider clock)
    {
        if (File.Exists(path))
        {
            var kept = Load(path);
            if (kept.NotAfter.ToUniversalTime() - clock.GetUtcNow().UtcDateTime > RenewedBefore)
            {
                return kept;
            }

            kept.Dispose();
        }

        Write(path, clock);
        return X509Certificate2.CreateFromPemFile(path);
    }

    private static X509Certificate2 Load(string path)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(path);
        }
        catch (CryptographicException)
        {
            throw new SettingsException([$"{path}: needed is a certificate with its key, in PEM. Remove the file, and a new one is made."]);
        }
    }

    private static void Write(string path, TimeProvider clock)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost, O=Cardea development", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false)); // server authentication
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = clock.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddMinutes(-5), now + Lifetime);
        var half = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(new FileStream(half, options)))
        {
            writer.WriteLine(certificate.ExportCertificatePem());
            writer.WriteLine(key.ExportPkcs8PrivateKeyPem());
        }

        File.Move(half, path, overwrite: true);
    }
}
