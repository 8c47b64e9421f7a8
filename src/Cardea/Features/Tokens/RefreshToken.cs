using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Cardea.Crypto.Secrets;
using Cardea.Crypto.Text;
using Cardea.Foundation.Data;

namespace Cardea.Features.Tokens;

/// <summary>
/// What a refresh token says once its MAC has been found right.
/// <code>
/// base64url of
/// +---------+------------+--------------+---------+-----+
/// | version | session id | random value | counter | MAC |
/// |    1    |     16     |      32      |    8    | 32  |  bytes
/// +---------+------------+--------------+---------+-----+
/// </code>
/// The random value belongs to the session and is in the database only as SHA-256; the MAC is HMAC-SHA256, under a key derived from the master
/// key and the random value, over all that stands before it. So nothing in the database can be presented, a forged token is refused without a
/// look into the database, and rotation is one number.
/// </summary>
public sealed record RefreshToken(string SessionId, byte[] RandomValue, long Counter)
{
    public byte[] Hash => SHA256.HashData(RandomValue);

    private bool PrintMembers(System.Text.StringBuilder text)
    {
        text.Append("[secret]");
        return true;
    }
}

/// <summary>Writes refresh tokens and reads back its own.</summary>
public sealed class RefreshTokenFormat(MasterKey masterKey)
{
    private const byte Version = 1;
    private const int RandomSize = 32;
    private const int IdAt = 1;
    private const int RandomAt = IdAt + 16;
    private const int CounterAt = RandomAt + RandomSize;
    private const int MacAt = CounterAt + sizeof(long);
    private const int Size = MacAt + HMACSHA256.HashSizeInBytes;

    private readonly byte[] _key = masterKey.Derive("refresh tokens");

    public static byte[] NewRandomValue() => RandomNumberGenerator.GetBytes(RandomSize);

    public string Write(RefreshToken token)
    {
        Span<byte> bytes = stackalloc byte[Size];
        bytes[0] = Version;
        Convert.FromHexString(token.SessionId, bytes[IdAt..], out _, out _);
        token.RandomValue.CopyTo(bytes[RandomAt..]);
        BinaryPrimitives.WriteInt64BigEndian(bytes[CounterAt..], token.Counter);
        Mac(bytes, bytes[MacAt..]);
        return Base64UrlText.Encode(bytes);
    }

    public bool TryRead(string? text, [NotNullWhen(true)] out RefreshToken? token)
    {
        token = null;
        if (!Base64UrlText.TryDecode(text, out var bytes) || bytes.Length != Size || bytes[0] != Version)
        {
            return false;
        }

        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Mac(bytes, mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, bytes.AsSpan(MacAt)))
        {
            return false;
        }

        token = new(Convert.ToHexStringLower(bytes, IdAt, 16), bytes[RandomAt..CounterAt], BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(CounterAt)));
        return Id.IsWellFormed(token.SessionId);
    }

    private void Mac(ReadOnlySpan<byte> token, Span<byte> mac)
    {
        Span<byte> sessionKey = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, token[RandomAt..CounterAt], sessionKey);
        HMACSHA256.HashData(sessionKey, token[..MacAt], mac);
    }
}
