using System.Formats.Cbor;

namespace Cardea.Features.Passkeys;

/// <summary>
/// Whether a public key is one of its algorithm (RFC 9053 section 2.1, WebAuthn L3 section 5.8.5): ES256 with P-256 and nothing else. The framework
/// believes key and algorithm one by one.
/// </summary>
internal static class CoseKey
{
    /// <summary>An RSA key of 4096 bits has 525 bytes; larger ones only cost time.</summary>
    private const int Longest = 1100;

    private const int KeyType = 1;
    private const int Algorithm = 3;
    private const int CurveOrModulus = -1;

    public static bool IsSound(byte[] encoded)
    {
        if (encoded.Length > Longest)
        {
            return false;
        }

        try
        {
            return Read(encoded) is
                (-7, 2, 1, _) or (-35, 2, 2, _) or (-36, 2, 3, _)
                or (-257 or -258 or -259 or -37 or -38 or -39, 3, _, >= 256);
        }
        catch (Exception fault) when (fault is CborContentException or InvalidOperationException or OverflowException)
        {
            return false;
        }
    }

    private static (int Algorithm, int Type, int Curve, int ModulusLength) Read(byte[] encoded)
    {
        var (algorithm, type, curve, modulus) = (0, 0, 0, 0);
        var reader = new CborReader(encoded, CborConformanceMode.Ctap2Canonical);
        reader.ReadStartMap();
        while (reader.PeekState() is not CborReaderState.EndMap)
        {
            switch (reader.ReadInt32())
            {
                case KeyType:
                    type = reader.ReadInt32();
                    break;
                case Algorithm:
                    algorithm = reader.ReadInt32();
                    break;
                case CurveOrModulus when reader.PeekState() is CborReaderState.ByteString:
                    modulus = reader.ReadByteString().Length;
                    break;
                case CurveOrModulus:
                    curve = reader.ReadInt32();
                    break;
                default:
                    reader.SkipValue();
                    break;
            }
        }

        reader.ReadEndMap();
        return (algorithm, type, curve, modulus);
    }
}
