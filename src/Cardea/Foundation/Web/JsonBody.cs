using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cardea.Foundation.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Cardea.Foundation.Web;

/// <summary>A request's body, or why it can't be had.</summary>
public readonly record struct JsonBody<T>(T? Value, Problem? Problem)
    where T : class
{
    public bool IsRead([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out Problem? problem)
    {
        (value, problem) = (Value, Problem);
        return Problem is null;
    }
}

public static partial class JsonBody
{
    public const int MaxBytes = 64 * 1024;

    /// <summary>
    /// Reads the body as one JSON object. Missing members are the parser's business, and a request without a body lacks all of them; everything
    /// else is refused here.
    /// </summary>
    public static async Task<JsonBody<T>> ReadAsync<T>(HttpContext http)
        where T : class
    {
        if (!HasBody(http))
        {
            return Parse<T>("{}"u8);
        }

        if (!IsJson(http.Request))
        {
            return new(null, CommonProblems.UnsupportedMediaType);
        }

        if (http.Request.ContentLength > MaxBytes)
        {
            return new(null, CommonProblems.BodyTooLarge);
        }

        var buffer = ArrayPool<byte>.Shared.Rent(MaxBytes + 1);
        try
        {
            var length = 0;
            int read;
            while (length <= MaxBytes && (read = await http.Request.Body.ReadAsync(buffer.AsMemory(length, MaxBytes + 1 - length), http.RequestAborted)) > 0)
            {
                length += read;
            }

            return length > MaxBytes ? new(null, CommonProblems.BodyTooLarge) : Parse<T>(buffer.AsSpan(0, length));
        }
        catch (IOException fault) when (fault is not BadHttpRequestException)
        {
            // Chunks that are none, or a client that went away in the middle: its fault and not ours.
            return new(null, CommonProblems.MalformedRequest);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true); // it may have held a password
        }
    }

    /// <summary>What a door that takes nothing was sent all the same: nothing, or an object without members.</summary>
    public static async Task<Problem?> RefuseAnyAsync(HttpContext http) => (await ReadAsync<Nothing>(http)).Problem;

    internal static JsonBody<T> Parse<T>(ReadOnlySpan<byte> json)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, CardeaJson.Reading) is { } value
                ? new(value, null)
                : new(null, CommonProblems.MalformedRequest);
        }
        catch (JsonException fault)
        {
            return new(null, Explain(fault));
        }
    }

    private static Problem Explain(JsonException fault)
    {
        // "$.email" names the member; for an unknown or doubled one only the message does.
        var path = fault.Path is { Length: > 2 } deep && deep.StartsWith("$.", StringComparison.Ordinal) ? deep[2..] : null;
        if (fault.Message.Contains("could not be mapped", StringComparison.Ordinal) && MemberInMessage().Match(fault.Message) is { Success: true } unknown)
        {
            return FieldErrors.One(Shown(unknown.Groups[1].Value), "There is no such member.");
        }

        if (fault.Message.Contains("uplicate", StringComparison.Ordinal))
        {
            return path is null ? CommonProblems.MalformedRequest : FieldErrors.One(Shown(path), "The member is given twice.");
        }

        return path is null ? CommonProblems.MalformedRequest : FieldErrors.One(Shown(path), "The value is not of the right type.");
    }

    /// <summary>The name comes from the stranger's request and goes back in the answer: short and printable.</summary>
    private static string Shown(string name) =>
        string.Concat(name.Where(letter => letter is > ' ' and < '\u007f').Take(64)) is { Length: > 0 } shown ? shown : "?";

    private static bool HasBody(HttpContext http) => http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? http.Request.ContentLength is not (null or 0);

    internal static bool IsJson(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) || type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase))
        && (request.Headers.ContentEncoding.Count == 0 || request.Headers.ContentEncoding == "identity");

    private sealed record Nothing;

    [GeneratedRegex("^The JSON property '(.{1,200}?)' could not be mapped", RegexOptions.NonBacktracking)]
    private static partial Regex MemberInMessage();
}
