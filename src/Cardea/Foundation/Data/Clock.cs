namespace Cardea.Foundation.Data;

/// <summary>Instants are stored as whole milliseconds since 1970 in UTC.</summary>
public static class Clock
{
    public static long Milliseconds(this TimeProvider clock) => clock.GetUtcNow().ToUnixTimeMilliseconds();

    public static DateTimeOffset ToInstant(this long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    public static DateTimeOffset? ToInstant(this long? milliseconds) => milliseconds?.ToInstant();
}
