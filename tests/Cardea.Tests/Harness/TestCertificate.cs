using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cardea.Tests.Harness;

/// <summary>A self-signed certificate as two texts in PEM.</summary>
public sealed record TestCertificate(string Certificate, string Key, string Hash)
{
    public static TestCertificate For(string name, TimeSpan? goodFor = null, bool isRsa = false)
    {
        using var rsa = isRsa ? RSA.Create(2048) : null;
        using var ecdsa = isRsa ? null : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = rsa is not null
            ? new CertificateRequest($"CN={name}", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest($"CN={name}", ecdsa!, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-90), DateTimeOffset.UtcNow + (goodFor ?? TimeSpan.FromDays(60)));
        return new(made.ExportCertificatePem(), (rsa as AsymmetricAlgorithm ?? ecdsa!).ExportPkcs8PrivateKeyPem(), made.GetCertHashString());
    }
}
