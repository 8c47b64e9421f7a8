using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Tests.Harness;
using Cardea.Tests.House;
using Cardea.Tests.Security;

namespace Cardea.Tests.Features.Documents;

/// <summary>What OpenAPI 3.1 and JSON Schema ask of a document, and what a generator of clients needs of it.</summary>
public sealed partial class OpenApiRulesTests : IAsyncLifetime
{
    private TestApp _app = null!;
    private ApiDocument _document = null!;

    public async Task InitializeAsync()
    {
        _app = await TestApp.StartAsync(Engine.Sqlite);
        _document = await ApiDocument.OfAsync(_app);
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    [Fact]
    public void Every_operation_has_an_id_of_its_own_that_is_a_name_in_any_language()
    {
        var ids = _document.Operations.Select(operation => operation.Json.GetProperty("operationId").GetString()!).ToList();

        Assert.True(ids.Count > 40, $"Only {ids.Count} operations were found.");
        Assert.Equal(ids.Count, ids.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(ids, id => Assert.Matches("^[a-z][A-Za-z0-9]+$", id));
        Assert.Contains("deleteSessionsById", ids);
    }

    [Fact]
    public void Every_reference_leads_somewhere_and_every_schema_is_used()
    {
        var references = References(_document.Root).ToHashSet();
        foreach (var reference in references)
        {
            Assert.StartsWith("#/components/schemas/", reference, StringComparison.Ordinal);
            Assert.True(_document.Root.GetProperty("components").GetProperty("schemas").TryGetProperty(reference.Split('/')[^1], out _), $"{reference} leads nowhere.");
        }

        Assert.Empty(_document.Root.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(schema => "#/components/schemas/" + schema.Name).Except(references));
    }

    [Fact]
    public void Every_security_scheme_and_tag_that_is_named_is_declared()
    {
        var schemes = _document.Root.GetProperty("components").GetProperty("securitySchemes");
        var tags = _document.Root.GetProperty("tags").EnumerateArray().Select(tag => tag.GetProperty("name").GetString()).ToList();
        Assert.Equal(tags.Count, tags.Distinct().Count());
        foreach (var operation in _document.Operations)
        {
            Assert.All(operation.Json.GetProperty("tags").EnumerateArray(), tag => Assert.Contains(tag.GetString(), tags));
            if (operation.AsksForToken)
            {
                Assert.All(operation.Json.GetProperty("security").EnumerateArray().SelectMany(one => one.EnumerateObject()), scheme => Assert.True(schemes.TryGetProperty(scheme.Name, out _)));
            }
        }
    }

    [Fact]
    public void Every_example_is_what_its_schema_says_and_every_needed_member_is_one_that_there_is()
    {
        foreach (var operation in _document.Operations.Where(operation => operation.Body is not null))
        {
            var schema = _document.Resolve(operation.Body!.Value.GetProperty("schema"));
            Assert.Null(_document.Fault(schema, operation.Body.Value.GetProperty("example")));
            Assert.False(schema.GetProperty("additionalProperties").GetBoolean(), $"{operation} refuses unknown members, and its schema does not say so.");
            if (schema.TryGetProperty("required", out var required))
            {
                Assert.All(required.EnumerateArray(), member => Assert.True(schema.GetProperty("properties").TryGetProperty(member.GetString()!, out _), $"{operation} needs {member}, which is no member."));
            }
        }
    }

    /// <summary>A body that is called needed is missed when it is absent, and one that may be absent is not; the same for each member.</summary>
    [Fact]
    public async Task What_the_document_calls_needed_is_needed()
    {
        var root = await _app.NewAdministratorAsync();
        foreach (var operation in _document.Operations.Where(operation => operation.Body is not null))
        {
            var isNeeded = operation.Json.GetProperty("requestBody").TryGetProperty("required", out var flag) && flag.GetBoolean();
            var (method, path) = (new HttpMethod(operation.Method), operation.Path.Replace("{id}", new string('0', 32), StringComparison.Ordinal).Replace("{name}", "nobody", StringComparison.Ordinal));
            var bare = await root.SendAsync(method, path);
            Assert.True(isNeeded ? bare.Status is HttpStatusCode.BadRequest : bare.Status is not HttpStatusCode.UnsupportedMediaType, $"{operation} without a body: {(int)bare.Status} {bare.Body}");
            var schema = _document.Resolve(operation.Body!.Value.GetProperty("schema"));
            foreach (var member in schema.TryGetProperty("required", out var required) ? required.EnumerateArray().Select(name => name.GetString()!) : [])
            {
                foreach (var lacking in new[] { Without(operation, member), With(operation, member) })
                {
                    (await root.SendAsync(method, path, lacking)).Expect(HttpStatusCode.BadRequest, CommonProblems.ValidationFailed.Code);
                }
            }
        }

        static string Without(ApiOperation operation, string member) =>
            JsonSerializer.Serialize(operation.Body!.Value.GetProperty("example").EnumerateObject().Where(one => one.Name != member).ToDictionary(one => one.Name, one => one.Value));

        static string With(ApiOperation operation, string member) => JsonSerializer.Serialize(
            operation.Body!.Value.GetProperty("example").EnumerateObject().Where(one => one.Name != member).Select(one => (one.Name, Value: (JsonElement?)one.Value)).Append((member, null)).ToDictionary(one => one.Item1, one => one.Item2));
    }

    [Fact]
    public void Every_answer_is_described_and_every_code_that_is_named_is_in_the_registry()
    {
        var codes = RegistriesTests.Gather<Problem>().Select(found => (found.Value.Code, found.Value.Status)).ToHashSet();
        foreach (var operation in _document.Operations)
        {
            foreach (var response in operation.Responses.EnumerateObject())
            {
                var said = response.Value.GetProperty("description").GetString()!;
                Assert.True(said.Length > 0, $"{operation} does not describe {response.Name}.");
                Assert.True(response.Value.GetProperty("content").EnumerateObject().All(content => content.Value.GetProperty("schema").EnumerateObject().Any() || content.Name == "application/json"), $"{operation}: {response.Name} has no schema.");
                var status = int.Parse(response.Name, System.Globalization.CultureInfo.InvariantCulture);
                if (status >= 400)
                {
                    // Each part begins with its codes; what comes after a colon are other words.
                    var named = said.Split("; ").SelectMany(part => Code().Matches(part.Split(':')[0])).Select(match => match.Groups[1].Value).ToList();
                    Assert.NotEmpty(named);
                    Assert.All(named, code => Assert.Contains((code, status), codes));
                }
            }
        }
    }

    [Fact]
    public void Who_is_told_to_wait_is_told_how_long()
    {
        foreach (var operation in _document.Operations)
        {
            Assert.All(operation.Responses.EnumerateObject().Where(response => response.Name is "429" or "503"), response => Assert.True(response.Value.GetProperty("headers").TryGetProperty("Retry-After", out _), $"{operation}: {response.Name}"));
        }
    }

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => member is { Name: "$ref", Value.ValueKind: JsonValueKind.String } ? [member.Value.GetString()!] : References(member.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex Code();
}
