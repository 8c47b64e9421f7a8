using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Cardea.Server.Tls;

/// <summary>A certificate, what leads from it to its authority, and the fingerprint of the files that it came from.</summary>
internal sealed record LoadedCertificate(X509Certificate2 Certificate, SslStreamCertificateContext Context, string Fingerprint);

/// <summary>A certificate and its key as the settings name them, in PEM, and what of them is in force. The files may be replaced while it is.</summary>
internal sealed partial class CertificateFile
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private volatile LoadedCertificate? _current;
    private string? _shownFirst;

    private CertificateFile(string setting, string path, string? keyPath, string? password) => (Setting, Path, KeyPath, Password) = (setting, path, keyPath, password);

    /// <summary>Without <c>:Path</c>.</summary>
    public string Setting { get; }

    public string Path { get; }

    private string? KeyPath { get; }

    private string? Password { get; }

    /// <exception cref="InvalidOperationException">Nothing has been loaded yet.</exception>
    public LoadedCertificate Current => _current ?? throw new InvalidOperationException($"{Path} was not loaded.");

    public static CertificateFile Local(string path) => new("--https", path, null, null);

    /// <summary>Those with a key beside them, which is PEM; another format is read once at the start, by the framework.</summary>
    public static IReadOnlyList<CertificateFile> Of(IConfiguration configuration) =>
        [.. configuration.GetSection("Kestrel").AsEnumerable()
            .Where(setting => !string.IsNullOrEmpty(setting.Value) && PathSetting().IsMatch(setting.Key))
            .Select(setting => (Section: configuration.GetSection(setting.Key[..^":Path".Length]), Path: setting.Value!))
            .Where(found => !string.IsNullOrEmpty(found.Section["KeyPath"]))
            .Select(found => new CertificateFile(found.Section.Path, found.Path, found.Section["KeyPath"], found.Section["Password"]))];

    /// <summary>What the files are now; it changes with every change of them, and is the same while nothing happens to them.</summary>
    /// <exception cref="IOException">One is absent or can't be read.</exception>
    public string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in (string[])[Path, .. KeyPath is null ? (string[])[] : [KeyPath]])
        {
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Reads both files as one pair. What can't be used, for whatever reason, is said in a sentence.</summary>
    /// <exception cref="CryptographicException">They are no pair, or none for a server.</exception>
    /// <exception cref="IOException">One is absent or can't be read.</exception>
    public LoadedCertificate Load()
    {
        var fingerprint = Fingerprint();
        var text = File.ReadAllText(Path);
        var keyText = KeyPath is null ? text : File.ReadAllText(KeyPath);
        try
        {
            var certificate = string.IsNullOrEmpty(Password) ? X509Certificate2.CreateFromPem(text, keyText) : X509Certificate2.CreateFromEncryptedPem(text, keyText, Password);
            if (certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } usage && usage.EnhancedKeyUsages.OfType<Oid>().All(oid => oid.Value != ServerAuthentication))
            {
                throw new CryptographicException("The certificate is not one for a server.");
            }

            var all = new X509Certificate2Collection();
            all.ImportFromPem(text);
            all.RemoveAt(0);
            // Offline: nobody is asked for what the file leaves out, and nobody learns from us that it is in use.
            return new(certificate, SslStreamCertificateContext.Create(certificate, all, offline: true), fingerprint);
        }
        catch (ArgumentException fault)
        {
            throw new CryptographicException(fault.Message, fault); // a key of another certificate, or no key at all
        }
    }

    public void Use(LoadedCertificate loaded)
    {
        _current = loaded;
        _shownFirst ??= loaded.Certificate.Thumbprint;
    }

    /// <summary>Whether the framework read its certificate from here, when the server began to listen.</summary>
    public bool IsOf(X509Certificate? certificate) => certificate is X509Certificate2 known && known.Thumbprint == _shownFirst;

    [GeneratedRegex(@"^Kestrel:(Certificates:Default|Endpoints:[^:]+(:Sni:[^:]+)?:Certificate):Path$", RegexOptions.IgnoreCase)]
    private static partial Regex PathSetting();
}
