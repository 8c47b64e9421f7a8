using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Cardea.Features.Transfers;

/// <summary>
/// An instant in a file that somebody else wrote: a date and a time of RFC 3339, or as databases print them, always with the offset from UTC. Without one it would be of this
/// machine's time zone, and the same file would mean something else on another.
/// </summary>
internal sealed partial class FileInstant : JsonConverter<DateTimeOffset>
{
    public static bool TryParse(string text, out DateTimeOffset instant)
    {
        instant = default;
        // Beyond a tenth of a microsecond the framework takes no digit more; nobody misses them.
        return Form().Match(text) is { Success: true } match
            && DateTimeOffset.TryParse($"{match.Groups[1]}T{match.Groups[2]}{match.Groups[3]}{match.Groups[4]}", CultureInfo.InvariantCulture, DateTimeStyles.None, out instant);
    }

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader is { TokenType: JsonTokenType.String, ValueIsEscaped: false, HasValueSequence: false } && TryParse(Encoding.UTF8.GetString(reader.ValueSpan), out var instant) ? instant : throw new JsonException();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(Shown(value));

    public static string Shown(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^([0-9]{4}-[0-9][0-9]-[0-9][0-9])[Tt ]([0-9][0-9]:[0-9][0-9](?::[0-9][0-9])?)(\.[0-9]{1,7})?[0-9]{0,9} ?([Zz]|[+-][0-9][0-9](?::?[0-9][0-9])?)$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
