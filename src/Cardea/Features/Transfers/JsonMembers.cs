using System.Text.Json;

namespace Cardea.Features.Transfers;

/// <summary>Members of somebody else's JSON: what is absent, null or of another kind is null.</summary>
internal static class JsonMembers
{
    public static JsonElement? Member(this JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null ? value : null;

    /// <exception cref="InvalidOperationException">The text is not valid Unicode.</exception>
    public static string? Text(this JsonElement element, string name) => element.Member(name) is { ValueKind: JsonValueKind.String } value ? Whole(value.GetString()!) : null;

    public static bool Flag(this JsonElement element, string name) => element.Member(name) is { ValueKind: JsonValueKind.True };

    public static long? Number(this JsonElement element, string name) => element.Member(name) switch
    {
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt64(out var number) => number,
        { ValueKind: JsonValueKind.String } value when long.TryParse(value.GetString(), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    /// <summary>An instant as milliseconds since 1970, whether as a number or as text.</summary>
    public static DateTimeOffset? Instant(this JsonElement element, string name) =>
        element.Number(name) is { } milliseconds and >= 0 and < 253402300800000 ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;

    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : [];

    public static IEnumerable<string> Texts(this JsonElement element, string name) =>
        element.Items(name).Where(item => item.ValueKind is JsonValueKind.String).Select(item => Whole(item.GetString()!));

    /// <summary>Base64 of either alphabet, with or without padding.</summary>
    public static byte[]? Base64(string? text)
    {
        var standard = text?.Trim().Replace('-', '+').Replace('_', '/').TrimEnd('=');
        var bytes = new byte[((standard?.Length ?? 0) / 4 * 3) + 3];
        return standard is not null && Convert.TryFromBase64String(standard.PadRight((standard.Length + 3) / 4 * 4, '='), bytes, out var length) ? bytes[..length] : null;
    }

    private static string Whole(string text) => text.Contains('\0', StringComparison.Ordinal) ? throw new InvalidOperationException("The text holds a NUL character.") : text;
}
