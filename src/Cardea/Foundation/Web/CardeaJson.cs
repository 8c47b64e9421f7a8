using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Cardea.Foundation.Web;

/// <summary>The one way in which JSON is read and written: snake_case; reading is strict, so that what we don't know is refused and not ignored.</summary>
public static class CardeaJson
{
    public static readonly JsonSerializerOptions Reading = new(JsonSerializerOptions.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        MaxDepth = 16,
        Converters = { new WholeText(), new OptionalConverter() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    public static readonly JsonSerializerOptions Writing = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        Converters = { new InstantConverter(), new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    /// <summary>As a client would write a request: for the examples of the document.</summary>
    public static readonly JsonSerializerOptions Shown = new(Writing) { Converters = { new OptionalConverter() } };

    /// <summary>For files that a person opens.</summary>
    public static readonly JsonSerializerOptions Readable = new(Writing) { WriteIndented = true };

    /// <summary>NUL can't be stored by PostgreSQL and hides the rest of a text from C; a text that holds it is refused at the door.</summary>
    private sealed class WholeText : JsonConverter<string>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType is not JsonTokenType.String)
            {
                throw new JsonException("A text is expected.");
            }

            string? text;
            try
            {
                text = reader.GetString();
            }
            catch (InvalidOperationException)
            {
                throw new JsonException("The text is not valid Unicode.");
            }

            return text!.Contains('\0', StringComparison.Ordinal) ? throw new JsonException("The text holds a NUL character.") : text;
        }

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }

    /// <summary>RFC 3339 in UTC, with Z and milliseconds.</summary>
    private sealed class InstantConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
        {
            Span<char> text = stackalloc char[32];
            value.UtcDateTime.TryFormat(text, out var length, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
            writer.WriteStringValue(text[..length]);
        }
    }
}
