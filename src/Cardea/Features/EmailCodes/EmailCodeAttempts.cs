using System.Security.Cryptography;
using System.Text;
using Cardea.Crypto.Secrets;
using Cardea.Features.RateLimits;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;

namespace Cardea.Features.EmailCodes;

/// <summary>
/// How often a code that signs in may be wrong. A code has five tries, and a new code would have five more: so the account counts as well, and apart
/// for each device that has signed in to it before, as with passwords. What names no account is counted by what was typed, so that it looks the same.
/// Ten are free and then the pauses grow to a day: of the guesses of a first day, 17, each hits one code in a million.
/// </summary>
public sealed class EmailCodeAttempts(Database database, AttemptCounters counters, MasterKey masterKey)
{
    private static readonly AttemptLadder Ladder = new(Free: 10, TimeSpan.FromMinutes(15), TimeSpan.FromHours(24), Last: 100);

    private readonly byte[] _key = masterKey.Derive("typed addresses");

    public string KeyFor(string? accountId, string typed, RecognisedDevice? device) => (accountId, device) switch
    {
        (null, _) => "code:unknown:" + Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(typed)).AsSpan(0, 16)),
        (_, null) => Prefix(accountId) + "anybody",
        (_, { ByToken: true }) => $"{Prefix(accountId)}device:{device.Device.Id}",
        _ => $"{Prefix(accountId)}place:{device.Device.Id}",
    };

    public Task<Blocked?> BeginAsync(string key) => database.WriteAsync(transaction => counters.BeginAsync(transaction, key, Ladder));

    public Task SucceedAsync(Transaction transaction, string key) => counters.ForgetAsync(transaction, key);

    /// <summary>The owner has proved more than a guess could.</summary>
    public Task ForgetAsync(Transaction transaction, string accountId) => counters.ForgetAllAsync(transaction, Prefix(accountId));

    private static string Prefix(string accountId) => $"code:{accountId}:";
}
