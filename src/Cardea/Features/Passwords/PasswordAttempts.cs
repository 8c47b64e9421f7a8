using System.Security.Cryptography;
using System.Text;
using Cardea.Crypto.Secrets;
using Cardea.Features.RateLimits;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passwords;

/// <summary>A try that was counted.</summary>
public sealed record PasswordTry(string Key, string Address);

/// <summary>
/// Who may try how many passwords. Counted on the account, not on what was typed for it, and apart for each device that has signed in to it
/// before: a stranger's guesses use up the strangers' tries and never the owner's. What names no account is counted by what was typed, so that
/// it looks the same. And each address has an allowance over all accounts.
/// </summary>
public sealed class PasswordAttempts(Database database, AttemptCounters counters, Allowances allowances, MasterKey masterKey)
{
    private static readonly AttemptLadder Ladder = new(Free: 10, TimeSpan.FromSeconds(30), TimeSpan.FromHours(1), Last: 100);
    private static readonly Allowance PerAddress = new("password-failures", 600, TimeSpan.FromMinutes(15));

    private readonly byte[] _key = masterKey.Derive("typed identifiers");
    private readonly KeyedGate _gate = new(AtOnce);

    /// <summary>Right passwords that come together must not look like failures to each other: fewer are looked at at once than the ladder has free.</summary>
    private const int AtOnce = 4;

    public string KeyFor(string? accountId, string typed, RecognisedDevice? device) => (accountId, device) switch
    {
        // What was typed is kept as a keyed hash: people type passwords into the wrong field.
        (null, _) => "password:unknown:" + Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(typed)).AsSpan(0, 16)),
        (_, null) => Prefix(accountId) + "anybody",
        (_, { ByToken: true }) => $"{Prefix(accountId)}device:{device.Device.Id}",
        _ => $"{Prefix(accountId)}place:{device.Device.Id}",
    };

    public static string KeyForCurrent(string accountId) => Prefix(accountId) + "current";

    /// <summary>Waits while others are looked at for the same key. Dispose when the verdict is written.</summary>
    public Task<IDisposable> EnterAsync(string key, CancellationToken cancellation) => _gate.EnterAsync(key, cancellation);

    /// <summary>
    /// Counts the try, or says how long to wait. Here and below the address's row comes before the account's: two that lock them in opposite
    /// order would wait for each other until PostgreSQL gives one up.
    /// </summary>
    public Task<(PasswordTry? Try, Blocked? Blocked)> BeginAsync(string key, ClientInfo client) => database.WriteAsync<(PasswordTry?, Blocked?)>(async transaction =>
    {
        if (await allowances.TakeAsync(transaction, PerAddress, client.AddressGroup) is { } wait)
        {
            // One block for all that this address tries: names are free, and each would have rows of its own.
            return (null, await allowances.BlockAsync(transaction, $"{PerAddress.Name} {client.AddressGroup}", wait));
        }

        if (await counters.BeginAsync(transaction, key, Ladder) is { } blocked)
        {
            await allowances.GiveBackAsync(transaction, PerAddress, client.AddressGroup);
            return (null, blocked);
        }

        return (new PasswordTry(key, client.AddressGroup), null);
    });

    /// <summary>The password was right.</summary>
    public async Task SucceedAsync(Transaction transaction, PasswordTry attempt)
    {
        await allowances.GiveBackAsync(transaction, PerAddress, attempt.Address);
        await counters.ForgetAsync(transaction, attempt.Key);
    }

    /// <summary>The password was not looked at.</summary>
    public Task TakeBackAsync(PasswordTry attempt) => database.WriteAsync(async transaction =>
    {
        await allowances.GiveBackAsync(transaction, PerAddress, attempt.Address);
        await counters.TakeBackAsync(transaction, attempt.Key);
    });

    /// <summary>The password is a new one: guesses at the old one count no more.</summary>
    public Task ForgetAsync(Transaction transaction, string accountId) => counters.ForgetAllAsync(transaction, Prefix(accountId));

    private static string Prefix(string accountId) => $"password:{accountId}:";
}
