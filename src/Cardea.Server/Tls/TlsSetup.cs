using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using Cardea.Foundation.Settings;
using Microsoft.AspNetCore.Connections;

namespace Cardea.Server.Tls;

/// <summary>How this server speaks TLS when it ends TLS itself.</summary>
internal static class TlsSetup
{
    private const SslProtocols Spoken = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>
    /// Forward secrecy and authenticated encryption only (RFC 9325 section 4.2), whatever else this machine's OpenSSL would allow. The price: the framework
    /// resumes no sessions where the suites are set, so each connection begins with a full handshake.
    /// </summary>
    private static readonly TlsCipherSuite[] Suites =
    [
        TlsCipherSuite.TLS_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ];

    /// <param name="builder">Its settings name certificates.</param>
    /// <param name="own">The certificate of <c>--https</c>.</param>
    /// <exception cref="SettingsException">A certificate can't be used, or an old protocol is asked for.</exception>
    public static void Use(WebApplicationBuilder builder, CertificateFile? own)
    {
        RefuseOldProtocols(builder.Configuration);
        IReadOnlyList<CertificateFile> files = [.. CertificateFile.Of(builder.Configuration), .. own is null ? (CertificateFile[])[] : [own]];
        Load(files);
        CipherSuitesPolicy? suites = null;
        builder.WebHost.ConfigureKestrel((context, kestrel) =>
        {
            // Without the framework's own watch, which would close and open the port for a new certificate, and look at one of the two files.
            kestrel.Configure(context.Configuration.GetSection("Kestrel"), reloadOnChange: false);
            kestrel.ConfigureHttpsDefaults(https =>
            {
                https.SslProtocols = Spoken;
                https.ServerCertificate = own?.Current.Certificate ?? https.ServerCertificate;
                https.OnAuthenticate = Authenticate;
            });
        });
        if (files.Count > 0)
        {
            builder.Services.AddSingleton(files);
            builder.Services.AddHostedService<CertificateWatch>();
        }

        void Authenticate(ConnectionContext connection, SslServerAuthenticationOptions options)
        {
            if (OperatingSystem.IsLinux()) // elsewhere the system chooses
            {
                options.CipherSuitesPolicy = suites ??= new CipherSuitesPolicy(Suites);
            }

            var shown = options.ServerCertificateContext?.TargetCertificate ?? options.ServerCertificate;
            if (files.FirstOrDefault(file => file.IsOf(shown)) is { } known)
            {
                options.ServerCertificateContext = known.Current.Context;
            }
        }
    }

    private static void Load(IReadOnlyList<CertificateFile> files)
    {
        var faults = new List<string>();
        foreach (var file in files)
        {
            try
            {
                file.Use(file.Load());
            }
            catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException)
            {
                faults.Add($"{file.Setting}: needed are a certificate and its own key, in PEM; {file.Path} and its key are none ({fault.Message})");
            }
        }

        if (faults.Count > 0)
        {
            throw new SettingsException(faults);
        }
    }

    private static void RefuseOldProtocols(ConfigurationManager configuration)
    {
        var faults = new List<string>();
        foreach (var (key, value) in configuration.GetSection("Kestrel").AsEnumerable())
        {
            if (value is null || !key.Contains(":SslProtocols", StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            faults.AddRange(value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Where(protocol => !(protocol.Equals(nameof(SslProtocols.Tls12), StringComparison.OrdinalIgnoreCase) || protocol.Equals(nameof(SslProtocols.Tls13), StringComparison.OrdinalIgnoreCase)))
                .Select(protocol => $"{key}: \"{protocol}\" was given; allowed are Tls12 and Tls13."));
        }

        if (faults.Count > 0)
        {
            throw new SettingsException(faults);
        }
    }
}
