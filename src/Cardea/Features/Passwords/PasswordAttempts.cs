using System.Security.Cryptography;
using System.Text;
using Cardea.Crypto.Secrets;
using Cardea.Features.RateLimits;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passwords;

/// <summary>On what a try is counted.</summary>
/// <param name="Text">Whose tries.</param>
/// <param name="IsOwn">
/// Only who has signed in to the account before can use them: by what a device keeps, or a living session. Their own ladder bounds them, and what others do at the same
/// address is nothing to them.
/// </param>
public readonly record struct PasswordKey(string Text, bool IsOwn);

/// <summary>A try that was counted.</summary>
/// <param name="Key">On this.</param>
/// <param name="Address">And on this; null where the key is the owner's alone.</param>
public sealed record PasswordTry(string Key, string? Address);

/// <summary>
/// Who may try how many passwords. Counted on the account, not on what was typed for it, and apart for each device that has signed in to it
/// before: a stranger's guesses use up the strangers' tries and never the owner's. What names no account is counted by what was typed, so that
/// it looks the same. And each address has an allowance over all accounts, for who has shown nothing: behind one address there can be many, and what the neighbours guess
/// shuts out neither a device that is known by what it keeps nor a living session.
/// </summary>
public sealed class PasswordAttempts(Database database, AttemptCounters counters, Allowances allowances, MasterKey masterKey)
{
    private static readonly AttemptLadder Ladder = new(Free: 10, TimeSpan.FromSeconds(30), TimeSpan.FromHours(1), Last: 100);
    private static readonly Allowance PerAddress = new("password-failures", 600, TimeSpan.FromMinutes(15));

    private readonly byte[] _key = masterKey.Derive("typed identifiers");
    private readonly KeyedGate _gate = new(AtOnce, Waiting, LongestWait);

    /// <summary>Right passwords that come together must not look like failures to each other: fewer are looked at at once than the ladder has free.</summary>
    private const int AtOnce = 4;

    /// <summary>A hundred right passwords that arrive together come through; of a thousand most are turned away at once.</summary>
    private const int Waiting = 100;

    /// <summary>As long as a request waits for the database altogether: only where that is slow does the wait last.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    public PasswordKey KeyFor(string? accountId, string typed, RecognisedDevice? device) => (accountId, device) switch
    {
        // What was typed is kept as a keyed hash: people type passwords into the wrong field.
        (null, _) => new("password:unknown:" + Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(typed)).AsSpan(0, 16)), IsOwn: false),
        (_, null) => new(Prefix(accountId) + "anybody", IsOwn: false),
        (_, { ByToken: true }) => new($"{Prefix(accountId)}device:{device.Device.Id}", IsOwn: true),
        _ => new($"{Prefix(accountId)}place:{device.Device.Id}", IsOwn: false), // others at that address can say that they are the same browser
    };

    public static PasswordKey KeyForCurrent(string accountId) => new(Prefix(accountId) + "current", IsOwn: true);

    /// <summary>Waits while others are looked at for the same key. Dispose when the verdict is written.</summary>
    /// <returns>Null when too many wait already.</returns>
    public Task<IDisposable?> EnterAsync(PasswordKey key, CancellationToken cancellation) => _gate.EnterAsync(key.Text, cancellation);

    /// <summary>
    /// Counts the try, or says how long to wait. Here and below the address's row comes before the account's: two that lock them in opposite
    /// order would wait for each other until PostgreSQL gives one up.
    /// </summary>
    public Task<(PasswordTry? Try, Blocked? Blocked)> BeginAsync(PasswordKey key, ClientInfo client) => database.WriteAsync<(PasswordTry?, Blocked?)>(async transaction =>
    {
        var address = key.IsOwn ? null : client.AddressGroup;
        if (address is not null && await allowances.TakeAsync(transaction, PerAddress, address) is { } wait)
        {
            // One block for all that this address tries: names are free, and each would have rows of its own.
            return (null, await allowances.BlockAsync(transaction, $"{PerAddress.Name} {address}", wait));
        }

        if (await counters.BeginAsync(transaction, key.Text, Ladder) is { } blocked)
        {
            await GiveBackAsync(transaction, address);
            return (null, blocked);
        }

        return (new PasswordTry(key.Text, address), null);
    });

    /// <summary>The password was right.</summary>
    public async Task SucceedAsync(Transaction transaction, PasswordTry attempt)
    {
        await GiveBackAsync(transaction, attempt.Address);
        await counters.ForgetAsync(transaction, attempt.Key);
    }

    /// <summary>The password was not looked at.</summary>
    public Task TakeBackAsync(PasswordTry attempt) => database.WriteAsync(async transaction =>
    {
        await GiveBackAsync(transaction, attempt.Address);
        await counters.TakeBackAsync(transaction, attempt.Key);
    });

    /// <summary>The password is a new one: guesses at the old one count no more.</summary>
    public Task ForgetAsync(Transaction transaction, string accountId) => counters.ForgetAllAsync(transaction, Prefix(accountId));

    private Task GiveBackAsync(Transaction transaction, string? address) => address is null ? Task.CompletedTask : allowances.GiveBackAsync(transaction, PerAddress, address);

    private static string Prefix(string accountId) => $"password:{accountId}:";
}
