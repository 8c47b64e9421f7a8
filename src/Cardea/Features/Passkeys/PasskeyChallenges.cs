using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Cardea.Crypto.Secrets;
using Cardea.Foundation.Data;

namespace Cardea.Features.Passkeys;

// A challenge, 64 bytes:
//
//   random   32
//   expiry    8   milliseconds since 1970, big-endian
//   MAC      24   the first bytes of HMAC-SHA256(derived key, ceremony ‖ random ‖ expiry ‖ what it is bound to)
//
// WebAuthn L3 section 13.4.3 wants at least 16 random bytes, and that the server knows its own again. It knows them by the MAC, so that whoever only
// asks, a million times or once a page view, writes nothing; one that was used is written down until it would have expired anyway.

/// <summary>What a challenge is for. One ceremony's is nothing to another.</summary>
public enum PasskeyCeremony
{
    /// <summary>Bound to the session, or to the sign-in that must set up a factor.</summary>
    Registration = 1,

    /// <summary>Bound to the browser where a page asked for it.</summary>
    SignIn = 2,

    /// <summary>Bound to the sign-in that waits for it.</summary>
    SecondStep = 3,

    /// <summary>Bound to the account that proves again who it is.</summary>
    Confirmation = 4,
}

public sealed class PasskeyChallenges(PasskeyStore store, MasterKey masterKey, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private const int RandomLength = 32;
    private const int SignedLength = RandomLength + sizeof(long);
    private const int Length = SignedLength + 24;

    private readonly byte[] _key = masterKey.Derive("passkey challenges");

    public byte[] Issue(PasskeyCeremony ceremony, string boundTo)
    {
        var challenge = new byte[Length];
        RandomNumberGenerator.Fill(challenge.AsSpan(0, RandomLength));
        BinaryPrimitives.WriteInt64BigEndian(challenge.AsSpan(RandomLength), clock.Milliseconds() + (long)Lifetime.TotalMilliseconds);
        Mac(challenge, ceremony, boundTo).CopyTo(challenge.AsSpan(SignedLength));
        return challenge;
    }

    public bool IsLive(ReadOnlySpan<byte> challenge, PasskeyCeremony ceremony, string boundTo) =>
        challenge.Length == Length
        && CryptographicOperations.FixedTimeEquals(challenge[SignedLength..], Mac(challenge, ceremony, boundTo))
        && ExpiryOf(challenge) > clock.Milliseconds();

    /// <summary>Of any number of callers with the same challenge one gets true.</summary>
    public Task<bool> TryUseAsync(Transaction transaction, byte[] challenge) =>
        store.TryUseChallengeAsync(transaction, SHA256.HashData(challenge), ExpiryOf(challenge));

    private static long ExpiryOf(ReadOnlySpan<byte> challenge) => BinaryPrimitives.ReadInt64BigEndian(challenge[RandomLength..SignedLength]);

    private ReadOnlySpan<byte> Mac(ReadOnlySpan<byte> challenge, PasskeyCeremony ceremony, string boundTo) =>
        HMACSHA256.HashData(_key, (byte[])[(byte)ceremony, .. challenge[..SignedLength], .. Encoding.UTF8.GetBytes(boundTo)]).AsSpan(0, Length - SignedLength);
}
