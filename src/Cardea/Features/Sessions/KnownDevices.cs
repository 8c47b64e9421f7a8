using System.Security.Cryptography;
using System.Text;
using Cardea.Crypto.Secrets;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Sessions;

/// <summary>
/// Remembers from where an account has been signed in to. Two things hang on it: a sign-in from elsewhere is news to its owner, and whoever
/// guesses from elsewhere can't use up the tries of the owner's own devices.
/// </summary>
public sealed class KnownDevices(DeviceStore store, MasterKey masterKey, TimeProvider clock)
{
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(400);

    /// <summary>So many devices an account has at most; of more the one least recently seen is forgotten. Whoever says to be another browser at each sign-in fills no disk.</summary>
    private const int Most = 50;

    /// <summary>How long a device that its owner trusts is asked for no second step.</summary>
    public static readonly TimeSpan TrustedFor = TimeSpan.FromDays(30);

    private readonly byte[] _key = masterKey.Derive("device fingerprints");

    public async Task<RecognisedDevice?> RecogniseAsync(Scope scope, string accountId, ClientInfo client)
    {
        if (SecretToken.TryParse(client.DeviceToken, out var token) && await store.FindByTokenAsync(scope, accountId, token.Hash.ToArray()) is { } kept)
        {
            return new(kept, ByToken: true);
        }

        return await store.FindByFingerprintAsync(scope, accountId, Fingerprint(client)) is { } alike ? new(alike, ByToken: false) : null;
    }

    /// <summary>Whose a device is, by the token that it keeps; null when it is nobody's.</summary>
    public async Task<string?> FindAccountAsync(Scope scope, string? deviceToken) =>
        SecretToken.TryParse(deviceToken, out var token) ? await store.FindAccountAsync(scope, token.Hash.ToArray()) : null;

    /// <summary>
    /// Only by the token that it keeps: an address and a user agent can be had by others. The token is looked for among the account's own, so that one
    /// person's trusted device is nothing to another's account.
    /// </summary>
    public async Task<bool> IsTrustedAsync(Scope scope, string accountId, ClientInfo client) =>
        SecretToken.TryParse(client.DeviceToken, out var token)
        && await store.FindByTokenAsync(scope, accountId, token.Hash.ToArray()) is { TrustedUntil: { } until }
        && until > clock.Milliseconds();

    /// <param name="trust">It is asked for no second step for <see cref="TrustedFor"/>.</param>
    /// <returns>The device, and the token that it is to keep if it is new.</returns>
    public async Task<(Device Device, SecretToken? Token)> RememberAsync(Transaction transaction, string accountId, ClientInfo client, bool trust)
    {
        var now = clock.Milliseconds();
        var until = now + (long)TrustedFor.TotalMilliseconds;
        // What is to be trusted must hold a token; one that was only alike gets one now.
        if (await RecogniseAsync(transaction, accountId, client) is { } known && (known.ByToken || !trust))
        {
            await store.SetSeenAsync(transaction, known.Device.Id, client.UserAgent, now);
            if (trust)
            {
                await store.SetTrustedAsync(transaction, known.Device.Id, until);
            }

            return (known.Device, null);
        }

        var token = SecretToken.New();
        var device = new Device { Id = Id.New(clock), AccountId = accountId, CreatedAt = now, LastSeenAt = now, UserAgent = client.UserAgent };
        await store.RemoveSurplusAsync(transaction, accountId, Most - 1);
        await store.AddAsync(transaction, device, token.Hash.ToArray(), Fingerprint(client));
        if (trust)
        {
            await store.SetTrustedAsync(transaction, device.Id, until);
        }

        return (device, token);
    }

    /// <summary>Keyed, so that the database alone doesn't tell who signed in from where.</summary>
    private byte[] Fingerprint(ClientInfo client) => HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{client.AddressGroup}\n{client.UserAgent}"));
}
