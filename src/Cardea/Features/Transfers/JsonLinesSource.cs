using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cardea.Foundation.Web;

namespace Cardea.Features.Transfers;

/// <summary>An <see cref="AccountLine"/> a line.</summary>
internal sealed class JsonLinesSource(string path, bool ignoreUnknown) : IAccountSource
{
    private readonly JsonSerializerOptions _json = ignoreUnknown ? new(CardeaJson.Reading) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip } : CardeaJson.Reading;

    public string System => "file";

    public bool KeepsIds => true;

    public Task CheckAsync(CancellationToken cancellation)
    {
        var first = Lines().FirstOrDefault();
        if (first.Number == 0)
        {
            throw new InvalidDataException($"{path} is empty.");
        }

        return IsObject(first) ? Task.CompletedTask : throw new InvalidDataException($"{path} is not JSON lines: line {first.Number} is not an object of JSON.");
    }

    public async IAsyncEnumerable<SourceRow> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var line in Lines())
        {
            cancellation.ThrowIfCancellationRequested();
            yield return Read(line);
        }

        await Task.CompletedTask;
    }

    /// <summary>Whether the line is a whole object by itself.</summary>
    public static bool IsObject(TextLine line)
    {
        try
        {
            using var document = JsonDocument.Parse(line.Bytes);
            return document.RootElement.ValueKind is JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private IEnumerable<TextLine> Lines() => LineReader.Read(path).Where(line => line.IsTooLong || line.Bytes.Span.ContainsAnyExcept(" \t\r"u8));

    private SourceRow Read(TextLine line)
    {
        if (line.IsTooLong)
        {
            return new(line.Number, null, Skipped.TooLong($"a line has at most {LineReader.Longest} bytes"));
        }

        try
        {
            return JsonSerializer.Deserialize<AccountLine>(line.Bytes.Span, _json) is { } account
                ? new(line.Number, account.ToSource())
                : new(line.Number, null, Skipped.Broken("the line is not an object of JSON"));
        }
        catch (JsonException fault)
        {
            return new(line.Number, null, Why(fault));
        }
    }

    private static Skipped Why(JsonException fault)
    {
        // The path names a member of ours; what could not be mapped is told by the message alone.
        var member = fault.Path?.Split('.', '[') is [_, var name, ..] ? name : null;
        return fault.Message.Contains("could not be mapped", StringComparison.Ordinal) ? Skipped.UnknownField(member ?? "")
            : member is not null && AccountLine.Known.Contains(member) ? Skipped.Invalid(member)
            : Skipped.Broken("the line is not an object of JSON with these members");
    }
}
