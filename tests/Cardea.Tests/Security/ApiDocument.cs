using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>The OpenAPI document as somebody reads it who has nothing else: which operations there are, and whether an answer is one that it tells of.</summary>
internal sealed class ApiDocument
{
    /// <summary>What says nothing about the value itself.</summary>
    private static readonly HashSet<string> Words = ["description", "title", "example", "examples", "default", "deprecated"];

    private ApiDocument(JsonElement root)
    {
        Root = root;
        Operations =
        [
            .. from path in root.GetProperty("paths").EnumerateObject()
               from operation in path.Value.EnumerateObject()
               select new ApiOperation(this, operation.Name.ToUpperInvariant(), path.Name, operation.Value),
        ];
    }

    public JsonElement Root { get; }

    public IReadOnlyList<ApiOperation> Operations { get; }

    public static ApiDocument Parse(JsonElement root) => new(root);

    public static async Task<ApiDocument> OfAsync(TestApp app) => new((await app.NewActor().GetAsync("/openapi/v1.json")).Expect(HttpStatusCode.OK).Json);

    /// <summary>Follows <c>$ref</c>, which leads nowhere but into this document.</summary>
    public JsonElement Resolve(JsonElement schema)
    {
        while (schema.TryGetProperty("$ref", out var reference))
        {
            schema = Root;
            foreach (var part in reference.GetString()!.Split('/').Skip(1))
            {
                schema = schema.GetProperty(part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal));
            }
        }

        return schema;
    }

    /// <summary>Why a value is not what the schema says; null when it is. A word of the schema that isn't known here is a fault, or it would be checked by nobody.</summary>
    public string? Fault(JsonElement schema, JsonElement value, string at = "$")
    {
        if (schema.ValueKind is JsonValueKind.True)
        {
            return null;
        }

        schema = Resolve(schema);
        return schema.EnumerateObject().Select(word => FaultOf(word, schema, value, at)).FirstOrDefault(fault => fault is not null);
    }

    private string? FaultOf(JsonProperty word, JsonElement schema, JsonElement value, string at)
    {
        var (isText, isNumber) = (value.ValueKind is JsonValueKind.String, value.ValueKind is JsonValueKind.Number);
        bool Fits(JsonElement option) => Fault(option, value, at) is null;
        return word.Name switch
        {
            _ when Words.Contains(word.Name) => null,
            "type" => (word.Value.ValueKind is JsonValueKind.Array ? word.Value.EnumerateArray().Any(type => IsOf(type.GetString()!, value)) : IsOf(word.Value.GetString()!, value))
                ? null : $"{at} is a {value.ValueKind} and not {word.Value.GetRawText()}",
            "enum" => word.Value.EnumerateArray().Any(choice => JsonElement.DeepEquals(choice, value)) ? null : $"{at} is none of {word.Value.GetRawText()}",
            "required" => value.ValueKind is JsonValueKind.Object && word.Value.EnumerateArray().FirstOrDefault(name => !value.TryGetProperty(name.GetString()!, out _)) is { ValueKind: JsonValueKind.String } missing
                ? $"{at} has no {missing}" : null,
            "properties" => value.ValueKind is not JsonValueKind.Object ? null
                : value.EnumerateObject().Select(member => word.Value.TryGetProperty(member.Name, out var inner) ? Fault(inner, member.Value, $"{at}.{member.Name}") : null).FirstOrDefault(fault => fault is not null),
            "additionalProperties" => value.ValueKind is not JsonValueKind.Object ? null
                : value.EnumerateObject().Where(member => !(schema.TryGetProperty("properties", out var known) && known.TryGetProperty(member.Name, out _)))
                    .Select(member => word.Value.ValueKind is JsonValueKind.False ? $"{at} has an unknown {member.Name}" : Fault(word.Value, member.Value, $"{at}.{member.Name}")).FirstOrDefault(fault => fault is not null),
            "items" => value.ValueKind is not JsonValueKind.Array ? null : value.EnumerateArray().Select((item, number) => Fault(word.Value, item, $"{at}[{number}]")).FirstOrDefault(fault => fault is not null),
            "oneOf" => word.Value.EnumerateArray().Count(Fits) == 1 ? null : $"{at} is not exactly one of {word.Value.GetRawText()}",
            "anyOf" => word.Value.EnumerateArray().Any(Fits) ? null : $"{at} is none of {word.Value.GetRawText()}",
            "allOf" => word.Value.EnumerateArray().Select(part => Fault(part, value, at)).FirstOrDefault(fault => fault is not null),
            "minimum" => isNumber && value.GetDecimal() < word.Value.GetDecimal() ? $"{at} is too small" : null,
            "maximum" => isNumber && value.GetDecimal() > word.Value.GetDecimal() ? $"{at} is too big" : null,
            "minLength" => isText && Length(value) < word.Value.GetInt32() ? $"{at} is too short" : null,
            "maxLength" => isText && Length(value) > word.Value.GetInt32() ? $"{at} is too long" : null,
            "pattern" => isText && !Regex.IsMatch(value.GetString()!, word.Value.GetString()!, RegexOptions.ECMAScript) ? $"{at} does not match {word.Value}" : null,
            "format" => (word.Value.GetString(), isText) switch
            {
                ("int32" or "int64", _) => null,
                ("date-time", true) => DateTimeOffset.TryParseExact(value.GetString(), "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _) ? null : $"{at} is no date-time",
                ("date-time", false) => null,
                _ => $"{at} has the format {word.Value}, which nothing checks",
            },
            _ => $"{at}: nothing checks `{word.Name}`",
        };
    }

    private static int Length(JsonElement text) => text.GetString()!.EnumerateRunes().Count();

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "null" => value.ValueKind is JsonValueKind.Null,
        "string" => value.ValueKind is JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "object" => value.ValueKind is JsonValueKind.Object,
        "array" => value.ValueKind is JsonValueKind.Array,
        "number" => value.ValueKind is JsonValueKind.Number,
        "integer" => value.ValueKind is JsonValueKind.Number && value.TryGetInt64(out _),
        _ => throw new InvalidOperationException($"There is no type {type}."),
    };
}

/// <summary>A method of a path.</summary>
internal sealed record ApiOperation(ApiDocument Document, string Method, string Path, JsonElement Json)
{
    public JsonElement Responses => Json.GetProperty("responses");

    public bool AsksForToken => Json.GetProperty("security").GetArrayLength() > 0;

    public IEnumerable<JsonElement> Parameters => Json.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray() : [];

    public JsonElement? Body => Json.TryGetProperty("requestBody", out var body) ? body.GetProperty("content").GetProperty("application/json") : null;

    public override string ToString() => $"{Method} {Path}";

    /// <summary>Why an answer is not one that the document tells of; null when it is: its status, its content type, and all of its body.</summary>
    public string? Fault(Answer answer)
    {
        if (!Responses.TryGetProperty(((int)answer.Status).ToString(CultureInfo.InvariantCulture), out var response))
        {
            return $"the document does not tell of {(int)answer.Status}";
        }

        var type = answer.Header("Content-Type")?.Split(';')[0];
        if (!response.TryGetProperty("content", out var content))
        {
            return answer.Body.Length == 0 ? null : "the document tells of no body";
        }

        return type is null || !content.TryGetProperty(type, out var media) ? $"the document does not tell of {type}" : media.TryGetProperty("schema", out var schema) ? Document.Fault(schema, answer.Json) : null;
    }
}
