namespace Cardea.Foundation.Web;

/// <summary>
/// How often a door may be used, stated at each route. Counts by client address, in this process; what must hold across nodes and restarts
/// is counted in the database by the deed itself.
/// </summary>
public sealed record Limit(string Name, int Permits, TimeSpan Window, bool OnlyFailures)
{
    /// <summary>Every request of an address counts.</summary>
    public static Limit Requests(string name, int permits, TimeSpan window) => new(name, permits, window, OnlyFailures: false);

    /// <summary>Only refused requests count: who has a right to it is never slowed down.</summary>
    public static Limit Failures(string name, int permits, TimeSpan window) => new(name, permits, window, OnlyFailures: true);

    /// <summary>No limit, and why none is needed.</summary>
    public static Limit None(string reason) => new(reason, 0, TimeSpan.Zero, OnlyFailures: false);

    public bool IsNone => Permits == 0;
}
