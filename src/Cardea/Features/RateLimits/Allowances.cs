using Cardea.Foundation.Data;

namespace Cardea.Features.RateLimits;

/// <summary>So many of something in so much time, counted in the database for all nodes. The window starts with its first use.</summary>
public sealed record Allowance(string Name, int Most, TimeSpan Window);

public sealed class Allowances(AllowanceStore store, TimeProvider clock)
{
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

    private static string Key(Allowance allowance, string whose) => $"{allowance.Name}:{whose}";
}
