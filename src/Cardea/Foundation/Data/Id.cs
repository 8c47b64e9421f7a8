namespace Cardea.Foundation.Data;

/// <summary>Ids of rows: UUIDv7 (RFC 9562 section 5.7) as 32 hexadecimal digits, so that a newer row sorts after an older one. Not a secret.</summary>
public static class Id
{
#pragma warning disable RS0030 // the one place where the clock is handed in
    public static string New(TimeProvider clock) => Guid.CreateVersion7(clock.GetUtcNow()).ToString("n");
#pragma warning restore RS0030

    /// <summary>No id that was made at this instant or later sorts before it: the first 48 bits are milliseconds.</summary>
    public static string FirstAt(long milliseconds) => Math.Max(0, milliseconds).ToString("x12", System.Globalization.CultureInfo.InvariantCulture);

    public static bool IsWellFormed(string text) => text.Length == 32 && text.All(char.IsAsciiHexDigitLower);
}
