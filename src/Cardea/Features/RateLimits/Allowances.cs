using System.Security.Cryptography;
using System.Text;
using Cardea.Crypto.Secrets;
using Cardea.Foundation.Data;

namespace Cardea.Features.RateLimits;

/// <summary>So many of something in so much time, counted in the database for all nodes. The window starts with its first use.</summary>
public sealed record Allowance(string Name, int Most, TimeSpan Window);

public sealed class Allowances(AllowanceStore store, MasterKey masterKey, TimeProvider clock)
{
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

    /// <summary>A keyed hash: whose it is can be a mail address, which nobody erases here when its account goes.</summary>
    private string Key(Allowance allowance, string whose) =>
        $"{allowance.Name}:{Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(whose)).AsSpan(0, 16))}";
}
