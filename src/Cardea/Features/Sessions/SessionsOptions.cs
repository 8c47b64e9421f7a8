using Cardea.Foundation.Settings;

namespace Cardea.Features.Sessions;

public enum WhenFull
{
    /// <summary>A further sign-in is refused with <c>session_active</c>, until its owner says <c>replace</c>.</summary>
    Refuse,

    /// <summary>A further sign-in ends the oldest session.</summary>
    Replace,
}

public sealed record SessionsOptions
{
    /// <summary>A session ends after so long without use.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromDays(30);

    /// <summary>A session ends so long after sign-in, used or not.</summary>
    public TimeSpan Absolute { get; init; } = TimeSpan.FromDays(90);

    /// <summary>How many an account may have at once; 0 is no limit.</summary>
    public int MaxPerAccount { get; init; }

    public WhenFull WhenFull { get; init; }

    internal static SessionsOptions Read(SettingsReader settings) => new()
    {
        Idle = TimeSpan.FromDays(settings.Number("Sessions:IdleDays", 30, 1, 3650, "a session ends after so many days without use")),
        Absolute = TimeSpan.FromDays(settings.Number("Sessions:AbsoluteDays", 90, 1, 3650, "a session ends so many days after sign-in, used or not")),
        MaxPerAccount = settings.Number("Sessions:MaxPerAccount", 0, 0, 10_000, "sessions an account may have at once; 0 is no limit, 1 the single-session policy"),
        WhenFull = settings.Choice("Sessions:WhenFull", WhenFull.Refuse, "`refuse` answers `session_active`, `replace` ends the oldest"),
    };
}
