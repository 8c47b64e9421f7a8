using System.Security.Cryptography;
using System.Text;
using Cardea.Crypto.Secrets;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;

namespace Cardea.Features.RateLimits;

/// <summary>So many of something in so much time, counted in the database for all nodes. The window starts with its first use.</summary>
public sealed record Allowance(string Name, int Most, TimeSpan Window);

public sealed class Allowances(AllowanceStore store, MasterKey masterKey, TimeProvider clock)
{
    /// <summary>A block can be for good, and one that somebody runs against for days is told of more than once.</summary>
    private static readonly TimeSpan LongestCounted = TimeSpan.FromHours(1);

    private readonly byte[] _key = masterKey.Derive("allowances");

    /// <returns>How long until there is more, or null when one was taken.</returns>
    public async Task<TimeSpan?> TakeAsync(Transaction transaction, Allowance allowance, string whose)
    {
        var (key, now) = (Key(allowance, whose), clock.Milliseconds());
        if (await store.TryTakeAsync(transaction, key, allowance.Most, now, now + (long)allowance.Window.TotalMilliseconds))
        {
            return null;
        }

        return TimeSpan.FromMilliseconds(await store.GetEndAsync(transaction, key) - now);
    }

    public Task GiveBackAsync(Transaction transaction, Allowance allowance, string whose) => store.GiveBackAsync(transaction, Key(allowance, whose));

    /// <summary>Counts what is turned away, so that not all of it must be written down.</summary>
    /// <param name="transaction">Where it is counted.</param>
    /// <param name="block">What is shut, and until when.</param>
    /// <param name="wait">How long that is from now.</param>
    public async Task<Blocked> BlockAsync(Transaction transaction, string block, TimeSpan wait)
    {
        var counted = new Allowance("turned-away", int.MaxValue, wait < LongestCounted ? wait : LongestCounted);
        return new(CommonProblems.TooManyRequests.After(wait), await CountAsync(transaction, counted, block));
    }

    /// <summary>Only counts; whoever does never runs out.</summary>
    /// <returns>How many there were in this window, this one among them.</returns>
    public Task<long> CountAsync(Transaction transaction, Allowance counted, string whose)
    {
        var now = clock.Milliseconds();
        return store.CountAsync(transaction, Key(counted, whose), now, now + (long)counted.Window.TotalMilliseconds);
    }

    /// <summary>A keyed hash: whose it is can be a mail address, which nobody erases here when its account goes.</summary>
    private string Key(Allowance allowance, string whose) =>
        $"{allowance.Name}:{Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(whose)).AsSpan(0, 16))}";
}
