using System.Net;
using System.Text.Json;

namespace Cardea.Tests.Harness;

/// <summary>An HTTP answer, read whole.</summary>
public sealed record Answer(HttpStatusCode Status, string Body, IReadOnlyDictionary<string, IReadOnlyList<string>> Headers)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

    /// <summary>The code of a problem document; null when it is none.</summary>
    public string? Code => Member("code");

    public string? Header(string name) => Headers.TryGetValue(name, out var values) ? string.Join(", ", values) : null;

    public string? Member(string name) =>
        Body.StartsWith('{') && Json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    public static async Task<Answer> OfAsync(HttpResponseMessage response) => new(
        response.StatusCode,
        await response.Content.ReadAsStringAsync(),
        response.Headers.Concat(response.Content.Headers).Concat(response.Headers.NonValidated.Select(header => new KeyValuePair<string, IEnumerable<string>>(header.Key, header.Value)))
            .GroupBy(header => header.Key, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(header => header.Key, IReadOnlyList<string> (header) => [.. header.First().Value], StringComparer.OrdinalIgnoreCase));

    /// <summary>Fails with the whole answer in the message when the status is another.</summary>
    public Answer Expect(HttpStatusCode status, string? code = null)
    {
        Assert.True(Status == status, $"Expected {(int)status}, got {(int)Status}: {Body}");
        if (code is not null)
        {
            Assert.Equal(code, Code);
        }

        return this;
    }
}
