namespace Cardea.Features.RateLimits;

/// <summary>
/// How long the next try must wait after so many failures in a row: not at all below <paramref name="Free"/>, then <paramref name="FirstPause"/>,
/// doubled with each further failure up to <paramref name="LongestPause"/>, and from <paramref name="Last"/> on for good, until something else
/// than a guess opens it again (NIST SP 800-63B section 3.2.2 allows at most 100).
/// </summary>
public sealed record AttemptLadder(int Free, TimeSpan FirstPause, TimeSpan LongestPause, int Last)
{
    private static readonly TimeSpan Forever = TimeSpan.FromDays(36_500);

    public TimeSpan PauseAfter(long failures) => failures switch
    {
        _ when failures < Free => TimeSpan.Zero,
        _ when failures >= Last => Forever,
        _ => TimeSpan.FromMilliseconds(Math.Min(LongestPause.TotalMilliseconds, FirstPause.TotalMilliseconds * Math.Pow(2, Math.Min(failures - Free, 30)))),
    };
}
