using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Documents;

/// <summary>The document is what people generate clients from: it says all, and nothing that isn't so.</summary>
public sealed partial class OpenApiTests : IAsyncLifetime
{
    /// <summary>What was promised to the outside: method, path, and the statuses of its own.</summary>
    private static readonly (string Method, string Path, int[] Statuses)[] Promised =
    [
        ("get", "/", [200]),
        ("get", "/health", [200]),
        ("get", "/health/ready", [200, 503]),
        ("post", "/auth/signup", [201, 400, 409, 503]),
        ("post", "/users", [201, 400, 409, 503]),
        ("post", "/verify/send", [202, 400]),
        ("post", "/verify/confirm", [200, 400]),
        ("post", "/auth/login", [200, 400, 401, 403, 409, 429, 503]),
        ("post", "/auth/refresh", [200, 400, 401, 403]),
        ("post", "/auth/logout", [200, 401]),
        ("post", "/password/forgot", [202, 400]),
        ("post", "/password/reset", [200, 400, 503]),
        ("post", "/password/change", [200, 400, 401, 403, 503]),
        ("get", "/session/active", [200, 401]),
        ("get", "/sessions", [200, 401]),
        ("delete", "/sessions/{id}", [200, 401, 404]),
        ("delete", "/sessions", [200, 401]),
        ("get", "/users/me", [200, 401]),
        ("patch", "/users/me", [200, 400, 401, 409]),
        ("delete", "/users/me", [200, 400, 401, 403, 409, 503]),
        ("get", "/users/me/export", [200, 401]),
        ("get", "/.well-known/jwks.json", [200]),
    ];

    private TestApp _app = null!;
    private JsonElement _document;

    public async Task InitializeAsync()
    {
        _app = await TestApp.StartAsync(Engine.Sqlite);
        _document = (await _app.NewActor().GetAsync("/openapi/v1.json")).Expect(HttpStatusCode.OK).Json;
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public void It_is_OpenAPI_3_1_of_this_server()
    {
        Assert.StartsWith("3.1.", _document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.Equal("Cardea", _document.GetProperty("info").GetProperty("title").GetString());
        Assert.Equal(_app.Address.GetLeftPart(UriPartial.Authority), _document.GetProperty("servers")[0].GetProperty("url").GetString());
        var bearer = _document.GetProperty("components").GetProperty("securitySchemes").GetProperty("bearer");
        Assert.Equal(("http", "bearer", "JWT"), (bearer.GetProperty("type").GetString(), bearer.GetProperty("scheme").GetString(), bearer.GetProperty("bearerFormat").GetString()));
    }

    [Fact]
    public void Every_promised_route_is_there_with_its_statuses()
    {
        var operations = Operations().ToDictionary(operation => (operation.Method, operation.Path), operation => operation.Operation);

        foreach (var (method, path, statuses) in Promised)
        {
            Assert.True(operations.TryGetValue((method, path), out var operation), $"{method} {path} is not in the document.");
            var said = operation.GetProperty("responses").EnumerateObject().Select(response => response.Name).ToList();
            Assert.True(statuses.All(status => said.Contains($"{status}")), $"{method} {path} says {string.Join(' ', said)}, promised are {string.Join(' ', statuses)}.");
        }
    }

    [Fact]
    public async Task What_asks_for_a_token_is_exactly_what_refuses_without_one()
    {
        foreach (var (method, path, operation) in Operations().Where(operation => !operation.Path.StartsWith("/dev/", StringComparison.Ordinal)))
        {
            var answer = await _app.NewActor().SendAsync(new HttpMethod(method.ToUpperInvariant()), path.Replace("{id}", "1").Replace("{name}", "1"), operation.TryGetProperty("requestBody", out _) ? Example(operation) : null);

            var asks = operation.TryGetProperty("security", out var security) && security.GetArrayLength() == 1 && security[0].TryGetProperty("bearer", out _);
            Assert.True(asks == (answer.Code == "unauthorized"), $"{method} {path}: {answer.Body}");
        }
    }

    [Fact]
    public async Task Every_example_can_be_sent_as_it_is()
    {
        await SignUpAsTheExampleAsync();
        var alice = _app.NewActor();
        (alice.Email, alice.Password) = ("alice@example.org", "correct horse battery staple");
        var sent = 0;

        foreach (var (method, path, operation) in Operations().Where(operation => operation.Operation.TryGetProperty("requestBody", out _)))
        {
            if (alice.AccessToken is null || path is "/users/me")
            {
                await alice.TrySignInAsync();
            }

            var answer = await alice.SendAsync(new HttpMethod(method.ToUpperInvariant()), path.Replace("{id}", new string('0', 32)).Replace("{name}", "nothing"), Example(operation));

            sent++;
            var code = $"{(int)answer.Status}";
            Assert.True(operation.GetProperty("responses").TryGetProperty(code, out _), $"{method} {path} answers {code}, which the document does not tell of: {answer.Body}");
            Assert.False(answer.Code is "malformed_request" or "validation_failed" or "unsupported_media_type" or "body_too_large", $"{method} {path}: {answer.Body}");
            Assert.True((int)answer.Status < 500, $"{method} {path}: {answer.Body}");
        }

        Assert.True(sent >= 10, $"Only {sent} examples were found.");
    }

    [Theory]
    [InlineData("/auth/signup")]
    [InlineData("/users")]
    public async Task The_example_of_signing_up_signs_up_and_that_of_signing_in_then_signs_in(string path)
    {
        var signUp = Operations().Single(operation => operation.Path == path && operation.Method == "post").Operation;

        (await _app.NewActor().PostAsync(path, Example(signUp))).Expect(HttpStatusCode.Created);
        (await _app.NewActor().PostAsync("/auth/login", Example(Operations().Single(operation => operation.Path == "/auth/login").Operation))).Expect(HttpStatusCode.OK);
    }

    [Fact]
    public void Names_are_snake_case()
    {
        var names = Schemas().Where(schema => schema.Name is not "PublicJwk")
            .SelectMany(schema => schema.Value.TryGetProperty("properties", out var properties) ? properties.EnumerateObject().Select(property => $"{schema.Name}.{property.Name}") : [])
            .ToList();

        Assert.Contains("TokenBody.refresh_token", names);
        Assert.DoesNotContain(names, name => !SnakeCase().IsMatch(name));
    }

    [Fact]
    public void An_optional_member_is_a_text_or_null_and_a_number_is_a_number()
    {
        var schemas = Schemas().ToDictionary(schema => schema.Name, schema => schema.Value);

        var name = Resolve(schemas["ProfileRequest"].GetProperty("properties").GetProperty("given_name"));
        Assert.Equal(["null", "string"], name.GetProperty("type").EnumerateArray().Select(type => type.GetString()).Order());
        Assert.False(name.TryGetProperty("properties", out _));
        Assert.False(schemas["ProfileRequest"].TryGetProperty("required", out _));
        Assert.Equal("integer", schemas["TokenBody"].GetProperty("properties").GetProperty("expires_in").GetProperty("type").GetString());
        Assert.DoesNotContain("errors", schemas["ProblemBody"].GetProperty("required").EnumerateArray().Select(member => member.GetString()));
    }

    [Fact]
    public void Every_operation_has_a_summary_and_every_part_of_a_path_is_described()
    {
        foreach (var (method, path, operation) in Operations())
        {
            Assert.True(operation.TryGetProperty("summary", out var summary) && summary.GetString()!.Length > 0, $"{method} {path} has no summary.");
            var described = operation.TryGetProperty("parameters", out var parameters)
                ? parameters.EnumerateArray().Where(parameter => parameter.GetProperty("in").GetString() == "path").Select(parameter => parameter.GetProperty("name").GetString())
                : [];
            Assert.Equal(PathPart().Matches(path).Select(part => part.Groups[1].Value), described);
        }
    }

    /// <summary>By somebody else's reading of the specification.</summary>
    [OpenApiValidatorFact]
    public async Task An_independent_validator_finds_no_fault()
    {
        using var folder = new TestFolder();

        var said = await OpenApiValidator.RunAsync(folder.File("v1.json", _document.GetRawText()));

        Assert.Contains("OK", said);
        Assert.DoesNotContain("Error", said);
    }

    private async Task SignUpAsTheExampleAsync() => (await _app.NewActor().PostAsync("/auth/signup", Example(
        Operations().Single(operation => operation.Path == "/auth/signup").Operation))).Expect(HttpStatusCode.Created);

    private IEnumerable<(string Method, string Path, JsonElement Operation)> Operations() =>
        from path in _document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select (operation.Name, path.Name, operation.Value);

    private IEnumerable<JsonProperty> Schemas() => _document.GetProperty("components").GetProperty("schemas").EnumerateObject();

    private JsonElement Resolve(JsonElement schema) => schema.TryGetProperty("$ref", out var reference)
        ? _document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1])
        : schema;

    private static string Example(JsonElement operation) =>
        operation.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("example").GetRawText();

    [GeneratedRegex(@"\.[a-z]+(_[a-z]+)*$")]
    private static partial Regex SnakeCase();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex PathPart();
}
