using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Cardea.Crypto.Secrets;

namespace Cardea.Features.Audit;

/// <summary>Says, outside the database, how far the chain went: against it shows that the newest rows were cut off, or all of them written anew.</summary>
/// <param name="Hash">The line's link, in hexadecimal digits.</param>
/// <param name="Signature">ECDSA P-256 with SHA-256 over the text, in base64.</param>
/// <param name="Key">The public key (SubjectPublicKeyInfo in base64), for whoever keeps checkpoints and has no master key.</param>
public sealed record AuditCheckpoint(long Number, string EventId, string Hash, long At, string Signature, string Key)
{
    internal string Text => string.Create(CultureInfo.InvariantCulture, $"cardea audit checkpoint\n{Number}\n{EventId}\n{Hash}\n{At}");
}

/// <summary>Signs checkpoints with a key that is derived from the master key: it needs no place of its own, and no rotation can take it away.</summary>
public sealed class AuditSigner(MasterKey masterKey) : IDisposable
{
    private readonly Lazy<ECDsa> _key = new(() => Derive(masterKey.Derive("audit checkpoints", 48)));

    public AuditCheckpoint Sign(ChainHead head, long now)
    {
        var unsigned = new AuditCheckpoint(head.Number, head.EventId, Convert.ToHexStringLower(head.Link), now, "", Convert.ToBase64String(_key.Value.ExportSubjectPublicKeyInfo()));
        return unsigned with { Signature = Convert.ToBase64String(_key.Value.SignData(Encoding.UTF8.GetBytes(unsigned.Text), HashAlgorithmName.SHA256)) };
    }

    public bool Verifies(AuditCheckpoint checkpoint)
    {
        var signature = new byte[128];
        return Convert.TryFromBase64String(checkpoint.Signature, signature, out var length)
            && _key.Value.VerifyData(Encoding.UTF8.GetBytes(checkpoint.Text), signature.AsSpan(0, length), HashAlgorithmName.SHA256);
    }

    public void Dispose()
    {
        if (_key.IsValueCreated)
        {
            _key.Value.Dispose();
        }
    }

    /// <summary>FIPS 186-5 appendix A.2.1: 128 bits more than the order has, reduced, so that no private key is likelier than another.</summary>
    private static ECDsa Derive(byte[] seed)
    {
        var order = BigInteger.Parse("00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var scalar = (new BigInteger(seed, isUnsigned: true, isBigEndian: true) % (order - 1)) + 1;
        var bytes = scalar.ToByteArray(isUnsigned: true, isBigEndian: true);
        return ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = [.. new byte[32 - bytes.Length], .. bytes] });
    }
}
