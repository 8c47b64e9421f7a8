namespace Cardea.Foundation.Data;

/// <summary>Ids of rows: UUIDv7 (RFC 9562 section 5.7) as 32 hexadecimal digits, so that a newer row sorts after an older one. Not a secret.</summary>
public static class Id
{
#pragma warning disable RS0030 // the one place where the clock is handed in
    public static string New(TimeProvider clock) => Guid.CreateVersion7(clock.GetUtcNow()).ToString("n");
#pragma warning restore RS0030

    public static bool IsWellFormed(string text) => text.Length == 32 && text.All(char.IsAsciiHexDigitLower);
}
