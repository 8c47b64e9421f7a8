using System.Security.Cryptography;
using System.Text;
using Cardea.Crypto.Secrets;
using Cardea.Features.RateLimits;
using Cardea.Foundation.Data;

namespace Cardea.Features.OneTimeSecrets;

/// <summary>
/// How often somebody may type a code that resets a password or proves an address. Counted apart for each browser that has asked for one, and for all others together:
/// strangers use up the strangers' tries and never those of the browser that asked. By which key is decided from what the request brings alone, never by whether there
/// is an account or a code, so that the answer tells nothing of either. What one code, and one address over many codes, can be guessed at is bounded beside it
/// (<see cref="SecretPurpose.RemembersGuesses"/>), since browsers cost nothing.
/// </summary>
public sealed class CodeAttempts(Database database, AttemptCounters counters, MasterKey masterKey)
{
    /// <summary>
    /// More free than one code has tries, many times over: those who use one right code at the same moment are no guessers. And no end for good: it would shut a
    /// way of recovery.
    /// </summary>
    private static readonly AttemptLadder Ladder = new(Free: 40, TimeSpan.FromMinutes(15), TimeSpan.FromHours(24), Last: int.MaxValue);

    private readonly byte[] _key = masterKey.Derive("typed code owners");

    /// <param name="accountId">Whose code it would be; null when it names no account, or is counted by the address.</param>
    /// <param name="typed">What stands in for it then.</param>
    /// <param name="binding">Of who types it.</param>
    /// <param name="device">By what else the account knows who types it.</param>
    public string KeyFor(SecretPurpose purpose, string? accountId, string typed, string? binding, string? device = null)
    {
        var from = device ?? (binding is null ? "anybody" : "browser:" + Hash(binding));
        return $"code:{accountId ?? "unknown:" + Hash(typed)}:{purpose.Name}:{from}";
    }

    public Task<Blocked?> BeginAsync(string key) => database.WriteAsync(transaction => counters.BeginAsync(transaction, key, Ladder));

    /// <summary>The code was right.</summary>
    public Task SucceedAsync(Transaction transaction, string key) => counters.ForgetAsync(transaction, key);

    private string Hash(string text) => Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
