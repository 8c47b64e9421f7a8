using Cardea.Foundation.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.RateLimits;

internal static class RateLimitsFeature
{
    /// <summary>Failures this old count no more in a row; a counter that blocks is kept while it does.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(30);

    public static void AddRateLimits(this IServiceCollection services)
    {
        services.AddSingleton<AttemptCounterStore>();
        services.AddSingleton<AttemptCounters>();
        services.AddSingleton<AllowanceStore>();
        services.AddSingleton<Allowances>();
        services.AddSingleton(provider => new Purge("attempt counters", (transaction, now, most) =>
            provider.GetRequiredService<AttemptCounterStore>().PurgeAsync(transaction, now - (long)KeptFor.TotalMilliseconds, now, most)));
        services.AddSingleton(provider => new Purge("allowances", provider.GetRequiredService<AllowanceStore>().PurgeAsync));
    }
}
