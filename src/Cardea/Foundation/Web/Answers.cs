using System.Globalization;
using System.Text.Json;
using Cardea.Foundation.Problems;
using Microsoft.AspNetCore.Http;

namespace Cardea.Foundation.Web;

/// <summary>What a JSON door answers.</summary>
public static class Answers
{
    public static IResult Json<T>(T value, int status = StatusCodes.Status200OK) => new JsonAnswer<T>(value, status);

    /// <param name="json">In UTF-8, as it is sent.</param>
    public static IResult Written(byte[] json) => new WrittenAnswer(json);

    public static IResult Message(string message, int status = StatusCodes.Status200OK) => new JsonAnswer<MessageBody>(new(message), status);

    public static IResult Problem(Problem problem) => new ProblemAnswer(problem);

    private sealed class JsonAnswer<T>(T value, int status) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            return WriteAsync(httpContext.Response, JsonSerializer.SerializeToUtf8Bytes(value, CardeaJson.Writing));
        }
    }

    private sealed class WrittenAnswer(byte[] json) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext.Response, json);
    }

    private static Task WriteAsync(HttpResponse response, byte[] json)
    {
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = json.Length;
        return response.Body.WriteAsync(json).AsTask();
    }

    private sealed class ProblemAnswer(Problem problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext, problem);
    }

    /// <summary>RFC 9110 section 10.2.3, for whatever shows the refusal.</summary>
    public static void SetRetryAfter(HttpResponse response, Problem problem)
    {
        if (problem.RetryAfter is { } wait)
        {
            // At most what clients read into 32 bits: "not before somebody acts" is written as a very long time.
            response.Headers.RetryAfter = Math.Clamp((long)Math.Ceiling(wait.TotalSeconds), 1, int.MaxValue).ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>RFC 9457 section 3, with the code as an extension and, for clients that show one text, <c>error</c>.</summary>
    public static Task WriteAsync(HttpContext http, Problem problem)
    {
        var response = http.Response;
        response.StatusCode = problem.Status;
        response.ContentType = "application/problem+json";
        SetRetryAfter(response, problem);
        if (problem.Status == StatusCodes.Status401Unauthorized && problem.Code == CommonProblems.Unauthorized.Code)
        {
            // RFC 6750 section 3.1: a request without a token gets no error code.
            response.Headers.WWWAuthenticate = http.Request.Headers.Authorization.Count == 0 ? "Bearer" : "Bearer error=\"invalid_token\"";
        }

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("type", "urn:cardea:problem:" + problem.Code);
            json.WriteString("title", problem.Title);
            json.WriteNumber("status", problem.Status);
            json.WriteString("detail", problem.Detail);
            json.WriteString("code", problem.Code);
            json.WriteString("error", problem.Detail);
            if (problem.Errors is { Count: > 0 } errors)
            {
                json.WritePropertyName("errors");
                JsonSerializer.Serialize(json, errors.ToDictionary(field => field.Key, field => field.Value.Select(message => message.ToString())), CardeaJson.Writing);
            }

            foreach (var (name, value) in problem.Extensions ?? new Dictionary<string, object?>())
            {
                json.WritePropertyName(name);
                JsonSerializer.Serialize(json, value, CardeaJson.Writing);
            }

            json.WriteEndObject();
        }

        response.ContentLength = buffer.Length;
        return response.Body.WriteAsync(buffer.GetBuffer().AsMemory(0, (int)buffer.Length)).AsTask();
    }
}

/// <summary>An answer that only says what happened.</summary>
public sealed record MessageBody(string Message);

/// <summary>The body of every refusal, as the OpenAPI document shows it.</summary>
public sealed record ProblemBody(string Type, string Title, int Status, string Detail, string Code, string Error, IReadOnlyDictionary<string, IReadOnlyList<string>>? Errors = null);
