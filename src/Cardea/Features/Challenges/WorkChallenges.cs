using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Cardea.Crypto.Secrets;
using Cardea.Crypto.Text;
using Cardea.Foundation.Data;

namespace Cardea.Features.Challenges;

// A challenge, 33 bytes, as base64url 44 letters:
//
//   random   12
//   expiry    4   seconds since 1970, big-endian
//   bits      1   how many zero bits the answer's hash begins with; the highest bit says that asking for it was counted as a failed try
//   MAC      16   the first bytes of HMAC-SHA256(derived key, what stands before ‖ purpose)
//
// An answer is `challenge.nonce`, the nonce at most ten decimal digits, such that SHA-256 of that ASCII text begins with so many zero bits. Together at most 55
// bytes: one block of SHA-256. Who only asks for challenges writes nothing; one that was answered is written down until it would have expired anyway.

/// <summary>A challenge that is ours, alive and answered rightly.</summary>
/// <param name="WasCounted">It came with a refusal, which counted.</param>
public sealed record SolvedChallenge(byte[] Hash, long ExpiresAt, bool WasCounted);

public sealed class WorkChallenges(MasterKey masterKey, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);

    private const int RandomLength = 12;
    private const int BitsAt = RandomLength + sizeof(uint);
    private const int SignedLength = BitsAt + 1;
    private const int Length = SignedLength + 16;
    private const int TextLength = 44;
    private const int LongestNonce = 10;
    private const int Counted = 0x80;

    private readonly byte[] _key = masterKey.Derive("work challenges");

    /// <param name="counted">Whether it goes with a refusal that counts: solving it takes that back.</param>
    public WorkChallenge Issue(string purpose, int bits, bool counted)
    {
        var challenge = new byte[Length];
        RandomNumberGenerator.Fill(challenge.AsSpan(0, RandomLength));
        var expiry = (clock.Milliseconds() + (long)Lifetime.TotalMilliseconds) / 1000;
        BinaryPrimitives.WriteUInt32BigEndian(challenge.AsSpan(RandomLength), (uint)expiry);
        challenge[BitsAt] = (byte)(counted ? bits | Counted : bits);
        Mac(challenge, purpose).CopyTo(challenge.AsSpan(SignedLength));
        return new WorkChallenge(Base64UrlText.Encode(challenge), bits, DateTimeOffset.FromUnixTimeSeconds(expiry));
    }

    /// <returns>Null for what is not ours, too old, for something else, or not solved. Nothing is looked up for it.</returns>
    public SolvedChallenge? Read(string answer, string purpose)
    {
        if (answer.Length is < TextLength + 2 or > TextLength + 1 + LongestNonce || answer[TextLength] != '.' || answer.AsSpan(TextLength + 1).ContainsAnyExceptInRange('0', '9'))
        {
            return null;
        }

        Span<byte> challenge = stackalloc byte[Length];
        if (!Base64UrlText.TryDecode(answer.AsSpan(0, TextLength), challenge, out var length) || length != Length || !CryptographicOperations.FixedTimeEquals(challenge[SignedLength..], Mac(challenge, purpose)))
        {
            return null;
        }

        var expiresAt = BinaryPrimitives.ReadUInt32BigEndian(challenge[RandomLength..]) * 1000L;
        return expiresAt > clock.Milliseconds() && ZeroBits(answer) >= (challenge[BitsAt] & ~Counted)
            ? new SolvedChallenge(SHA256.HashData(challenge), expiresAt, (challenge[BitsAt] & Counted) != 0)
            : null;
    }

    /// <summary>What a client does; <c>cardea</c> itself only in tests.</summary>
    public static string Solve(string challenge, int bits)
    {
        for (var nonce = 0u; ; nonce++)
        {
            var answer = string.Create(CultureInfo.InvariantCulture, $"{challenge}.{nonce}");
            if (ZeroBits(answer) >= bits)
            {
                return answer;
            }
        }
    }

    private static int ZeroBits(string answer)
    {
        Span<byte> text = stackalloc byte[TextLength + 1 + LongestNonce];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..Encoding.ASCII.GetBytes(answer, text)], hash);
        return BitOperations.LeadingZeroCount(BinaryPrimitives.ReadUInt64BigEndian(hash));
    }

    private ReadOnlySpan<byte> Mac(ReadOnlySpan<byte> challenge, string purpose) =>
        HMACSHA256.HashData(_key, (byte[])[.. challenge[..SignedLength], .. Encoding.UTF8.GetBytes(purpose)]).AsSpan(0, Length - SignedLength);
}

/// <summary>As a client gets it.</summary>
public sealed record WorkChallenge(string Value, int Bits, DateTimeOffset ExpiresAt);
