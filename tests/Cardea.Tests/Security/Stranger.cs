using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cardea.Features.Mail;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Security;

/// <summary>A door as the routing table has it, so that a new one is tried without anybody thinking of it.</summary>
/// <param name="Example">What the OpenAPI document says one may send; null when the door reads no body.</param>
internal sealed record JsonRoute(string Method, string Path, Access Access, JsonObject? Example, IReadOnlyDictionary<string, Type> Members)
{
    public override string ToString() => $"{Method} {Path}";

    public static IReadOnlyList<JsonRoute> All(TestApp app) =>
    [
        .. from endpoint in app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
           from access in endpoint.Metadata.OfType<Access>()
           from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []
           where method != "HEAD" // a GET without its body
           select new JsonRoute(
               method, endpoint.RoutePattern.RawText!.Replace("{id}", new string('0', 32), StringComparison.Ordinal).Replace("{name}", "nothing", StringComparison.Ordinal), access,
               ExampleOf(endpoint), MembersOf(endpoint)),
    ];

    public static IReadOnlyList<JsonRoute> WithBody(TestApp app) => [.. All(app).Where(route => route.Example is not null)];

    /// <summary>The example with one member put in, or another value in its place.</summary>
    public string With(string member, string json)
    {
        var rest = Example!.Where(pair => pair.Key != member).Select(pair => $"{JsonSerializer.Serialize(pair.Key)}:{pair.Value!.ToJsonString()}");
        return $"{{{string.Join(',', rest.Append($"{JsonSerializer.Serialize(member)}:{json}"))}}}";
    }

    public string Without(string member)
    {
        var rest = (JsonObject)Example!.DeepClone();
        rest.Remove(member);
        return rest.ToJsonString();
    }

    private static JsonObject? ExampleOf(RouteEndpoint endpoint)
    {
        if (endpoint.Metadata.GetMetadata<BodyExample>() is not { } example)
        {
            return null;
        }

        var shown = (JsonObject)JsonSerializer.SerializeToNode(example.Value, example.Value.GetType(), CardeaJson.Shown)!;
        foreach (var absent in shown.Where(member => member.Value is null).Select(member => member.Key).ToList())
        {
            shown.Remove(absent);
        }

        return shown;
    }

    private static Dictionary<string, Type> MembersOf(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType?.GetProperties()
            .ToDictionary(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name), property => property.PropertyType) ?? [];
}

/// <summary>Sends what no honest client sends, each time from another address, so that no limit by address answers in the door's place.</summary>
internal sealed class Stranger(TestApp app) : IDisposable
{
    /// <summary>What the server needs for the addresses to be believed.</summary>
    public static readonly (string, string) Believed = ("TrustedProxies", "127.0.0.1");

    private static int _addresses;

    private readonly HttpClient _client = app.NewClient();

    public Task<Answer> SendAsync(string method, string path, string? body = null, string? token = null, string contentType = "application/json") =>
        SendBytesAsync(method, path, body is null ? null : Encoding.UTF8.GetBytes(body), token, contentType);

    public async Task<Answer> SendBytesAsync(
        string method, string path, byte[]? body, string? token = null, string contentType = "application/json", Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        var number = Interlocked.Increment(ref _addresses);
        request.Headers.Add("X-Forwarded-For", $"10.{(number >> 16) & 255}.{(number >> 8) & 255}.{number & 255}");
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        change?.Invoke(request);
        using var response = await _client.SendAsync(request);
        return await Answer.OfAsync(response);
    }

    /// <summary>The access token that the door asks for, or none.</summary>
    public Task<Answer> SendAsync(JsonRoute route, string? body, Actor actor) =>
        SendAsync(route.Method, route.Path, body, route.Access is Access.Anyone or Access.Loopback ? null : actor.AccessToken);

    public void Dispose() => _client.Dispose();
}

internal static class Expectations
{
    /// <summary>The contract's problem document (RFC 9457), whole, and nothing of our inside in it.</summary>
    public static Answer ExpectProblem(this Answer answer, string about, params HttpStatusCode[] statuses)
    {
        Assert.True((int)answer.Status is >= 400 and < 500, $"{about}: {(int)answer.Status} {answer.Body}");
        Assert.True(statuses.Length == 0 || statuses.Contains(answer.Status), $"{about}: {(int)answer.Status} {answer.Body}");
        Assert.True(answer.Header("Content-Type") == "application/problem+json", $"{about}: {answer.Header("Content-Type")}");
        Assert.True(answer.Header("X-Request-Id") is { Length: > 8 }, $"{about}: no request id");
        Assert.Equal((int)answer.Status, answer.Json.GetProperty("status").GetInt32());
        Assert.All(["type", "title", "detail", "code", "error"], member => Assert.False(string.IsNullOrEmpty(answer.Member(member)), $"{about}: no {member} in {answer.Body}"));
        Assert.Equal(answer.Member("detail"), answer.Member("error"));
        Assert.Matches("^[a-z][a-z0-9_]*$", answer.Code!);
        Assert.DoesNotContain("   at ", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", answer.Body, StringComparison.Ordinal);
        return answer;
    }

    /// <summary>Lets the jobs take a turn now: what was asked for is mailed, what is due is sent.</summary>
    public static async Task PumpAsync(this TestApp app)
    {
        await app.Services.GetRequiredService<MailRequestsJob>().RunAsync(CancellationToken.None);
        await app.Services.GetRequiredService<OutboxJob>().RunAsync(CancellationToken.None);
    }

    /// <summary>All rows of all tables but those named, as text.</summary>
    public static async Task<string> DumpSettledAsync(this TestApp app, params string[] except)
    {
        await app.PumpAsync(); // what is under way arrives first
        await app.SealedAsync();
        return await app.Database.DumpAsync(except);
    }

    public static async Task<string> DumpAsync(this TestDatabase database, params string[] except)
    {
        var dump = new StringBuilder();
        foreach (var table in await database.TablesAsync())
        {
            if (!except.Contains(table))
            {
                var rows = (await database.QueryAsync<object>($"SELECT * FROM {table}")).Select(row => JsonSerializer.Serialize((IDictionary<string, object>)row)).Order(StringComparer.Ordinal);
                dump.Append(table).Append('\n').AppendJoin('\n', rows).Append('\n');
            }
        }

        return dump.ToString();
    }

    public static async Task<IReadOnlyList<string>> TablesAsync(this TestDatabase database)
    {
        var dialect = database.Engine is Engine.Postgres ? Dialect.Postgres : Dialect.Sqlite;
        return [.. (await database.QueryAsync<(string Table, string Column)>(dialect.Columns)).Select(row => row.Table).Distinct()];
    }
}
