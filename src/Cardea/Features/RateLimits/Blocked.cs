using Cardea.Foundation.Problems;

namespace Cardea.Features.RateLimits;

/// <summary>A try that is turned away unchecked, since too many before it were wrong.</summary>
/// <param name="Problem">What it is answered.</param>
/// <param name="Times">How many this block has turned away by now, this one among them.</param>
public sealed record Blocked(Problem Problem, long Times)
{
    /// <summary>
    /// Whether the audit log gets a row: for the first of a block, the tenth, the hundredth. To be turned away costs nobody anything, so a row for each would let whoever
    /// likes fill the log, and the disk with it.
    /// </summary>
    public bool IsTold => IsToldAt(Times);

    internal static bool IsToldAt(long times)
    {
        while (times >= 10 && times % 10 == 0)
        {
            times /= 10;
        }

        return times == 1;
    }
}
