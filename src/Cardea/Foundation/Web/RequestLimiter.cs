using System.Threading.RateLimiting;
using Cardea.Foundation.Problems;

namespace Cardea.Foundation.Web;

/// <summary>Counts requests by limit and client address in fixed windows. Idle addresses are forgotten, so memory stays bounded by who calls.</summary>
public sealed class RequestLimiter : IDisposable
{
    private readonly PartitionedRateLimiter<(Limit Limit, string Address)> _limiter =
        PartitionedRateLimiter.Create<(Limit Limit, string Address), (string, string)>(key => RateLimitPartition.GetFixedWindowLimiter(
            (key.Limit.Name, key.Address),
            _ => new FixedWindowRateLimiterOptions { PermitLimit = key.Limit.Permits, Window = key.Limit.Window, QueueLimit = 0 }));

    /// <returns>The refusal, or null when the request may go on.</returns>
    public Problem? Enter(Limit limit, string address)
    {
        if (limit.IsNone)
        {
            return null;
        }

        using var lease = _limiter.AttemptAcquire((limit, address), limit.OnlyFailures ? 0 : 1);
        return lease.IsAcquired
            ? null
            : CommonProblems.TooManyRequests.After(lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) && wait > TimeSpan.Zero ? wait : limit.Window);
    }

    public void Failed(Limit limit, string address)
    {
        if (limit.OnlyFailures)
        {
            _limiter.AttemptAcquire((limit, address)).Dispose();
        }
    }

    public void Dispose() => _limiter.Dispose();
}
