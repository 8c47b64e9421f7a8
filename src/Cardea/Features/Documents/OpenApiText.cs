using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cardea.Features.Health;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.OpenApi;

namespace Cardea.Features.Documents;

/// <summary>What the generated document can't know: the product's name, the bearer token, the examples, the codes of refusals.</summary>
internal sealed class OpenApiText(PublicUrl publicUrl) : IOpenApiDocumentTransformer, IOpenApiOperationTransformer, IOpenApiSchemaTransformer
{
    private const string BearerScheme = "bearer";

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Cardea",
            Version = HealthFeature.Version,
            Description = "Sign-up, sign-in, sessions and recovery. Errors are RFC 9457 problem details whose `code` never changes; every answer carries `X-Request-Id`.",
            License = new OpenApiLicense { Name = "Apache-2.0", Identifier = "Apache-2.0" },
        };
        document.Servers = [new OpenApiServer { Url = publicUrl.Text }];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes[BearerScheme] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            BearerFormat = "JWT",
            Description = "The `access_token` of `/auth/login` or `/auth/refresh`.",
        };
        foreach (var schema in document.Components.Schemas?.Values.OfType<OpenApiSchema>() ?? [])
        {
            AllowNullOnce(schema);
        }

        return Task.CompletedTask;
    }

    /// <summary>Any JSON may be null already: "exactly one of null and any JSON" would refuse it.</summary>
    private static void AllowNullOnce(OpenApiSchema schema)
    {
        foreach (var (member, held) in schema.Properties?.ToList() ?? [])
        {
            if (held.OneOf?.OfType<OpenApiSchemaReference>().FirstOrDefault(reference => reference.Reference.Id == nameof(JsonElement)) is { } any)
            {
                schema.Properties![member] = any;
            }
        }
    }

    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        operation.OperationId = IdOf(context.Description.HttpMethod ?? "", context.Description.RelativePath ?? "");
        // Said of every operation: an empty list means that nothing is asked for, and none that nobody thought of it.
        operation.Security = AsksForToken(metadata) ? [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(BearerScheme, context.Document)] = [] }] : [];

        if (metadata.OfType<BodyExample>().FirstOrDefault() is { } example && operation.RequestBody?.Content?.TryGetValue("application/json", out var media) is true)
        {
            media.Example = Shown(example.Value);
        }

        DescribeParameters(operation, metadata, context.Description.RelativePath ?? "");
        operation.Responses ??= [];
        AddRefusals(operation, metadata, context);
        return Task.CompletedTask;
    }

    /// <summary>An optional member is shown as what it holds; what is needed, and that nothing else is taken, is said of what one sends.</summary>
    public Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo.Type;
        if (type == typeof(Optional<string>))
        {
            schema.Type = JsonSchemaType.String | JsonSchemaType.Null;
            schema.Properties?.Clear();
            schema.Required?.Clear();
        }

        if (context.JsonPropertyInfo is null && type.Assembly == typeof(OpenApiText).Assembly && type.Name.EndsWith("Request", StringComparison.Ordinal))
        {
            schema.AdditionalPropertiesAllowed = false;
        }

        if (type.GetCustomAttribute<NeedsAttribute>() is { } needs)
        {
            schema.Required = new HashSet<string>(needs.Members);
            foreach (var member in needs.Members)
            {
                if (schema.Properties?[member] is OpenApiSchema needed)
                {
                    needed.Type &= ~JsonSchemaType.Null;
                }
            }
        }

        if (type == typeof(ProblemBody))
        {
            AddNextSteps(schema);
        }

        return Task.CompletedTask;
    }

    /// <summary>What a refusal of a sign-in carries, so that it can be gone on with.</summary>
    private static void AddNextSteps(OpenApiSchema schema)
    {
        schema.Properties ??= new Dictionary<string, IOpenApiSchema>();
        schema.Properties["mfa_token"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "With `mfa_required`: for `/auth/login/mfa`." };
        schema.Properties["methods"] = new OpenApiSchema
        {
            Type = JsonSchemaType.Array,
            Items = new OpenApiSchema { Type = JsonSchemaType.String },
            Description = "With `mfa_required`: which second steps there are.",
        };
        schema.Properties["password_change_token"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "With `password_change_required`: for `/password/reset`." };
        schema.Properties["enrollment_token"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "With `mfa_enrollment_required`: opens the doors that set up a second factor." };
    }

    private static bool AsksForToken(IList<object> metadata) => metadata.OfType<Access>().FirstOrDefault() is Access.Bearer or Access.RecentBearer or Access.Enrolling or Access.Administrator;

    /// <summary>What a generated client calls it: <c>deleteSessionsById</c>. Changes only when method or path do, which would break clients anyway.</summary>
    private static string IdOf(string method, string path)
    {
        var words = path.Replace("{", "by-", StringComparison.Ordinal).Split(['/', '-', '.', '}', '_'], StringSplitOptions.RemoveEmptyEntries);
        return method.ToLowerInvariant() + (words.Length == 0 ? "Root" : string.Concat(words.Select(word => char.ToUpperInvariant(word[0]) + word[1..])));
    }

    /// <summary>Doors read the path and the query themselves, so the framework doesn't know of them.</summary>
    private static void DescribeParameters(OpenApiOperation operation, IList<object> metadata, string path)
    {
        var parameters = RoutePatternFactory.Parse(path).Parameters
            .Select(part => new OpenApiParameter { Name = part.Name, In = ParameterLocation.Path, Required = true, Schema = new OpenApiSchema { Type = JsonSchemaType.String } })
            .Concat(metadata.OfType<QueryValue>().Select(value => new OpenApiParameter
            {
                Name = value.Name,
                In = ParameterLocation.Query,
                Description = value.Description,
                Schema = new OpenApiSchema
                {
                    Type = value.Range is null ? JsonSchemaType.String : JsonSchemaType.Integer,
                    Minimum = value.Range?.Least.ToString(CultureInfo.InvariantCulture),
                    Maximum = value.Range?.Most.ToString(CultureInfo.InvariantCulture),
                    Enum = value.Choices.Count == 0 ? null : [.. value.Choices.Select(choice => (JsonNode)choice)],
                },
            }))
            .Concat(metadata.OfType<Challenged>().Select(challenged => new OpenApiParameter
            {
                Name = ChallengedDoors.Header,
                In = ParameterLocation.Header,
                Description = $"`value.nonce`, after a `challenge_required`; asked for in advance by `GET /auth/challenge?for={challenged.Purpose}`.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            }))
            .ToList<IOpenApiParameter>();
        if (parameters.Count > 0)
        {
            operation.Parameters = parameters;
        }
    }

    private static void AddRefusals(OpenApiOperation operation, IList<object> metadata, OpenApiOperationTransformerContext context)
    {
        foreach (var refusals in metadata.OfType<Refusals>().GroupBy(refusals => refusals.Status))
        {
            Describe(operation, refusals.Key, string.Join(", ", refusals.SelectMany(one => one.Codes).Distinct().Select(code => $"`{code}`")), context);
        }

        if (metadata.OfType<Challenged>().Any())
        {
            Describe(operation, 403, "`challenge_required`: with a `challenge` to solve, where the settings ask for it", context);
        }

        if (context.Description.HttpMethod != "GET")
        {
            Describe(operation, 400, "`validation_failed`, with the fields that are wrong, or `malformed_request`", context);
            Describe(operation, 413, "`body_too_large`: more than 64 KiB", context);
            Describe(operation, 415, "`unsupported_media_type`: not JSON in UTF-8", context);
        }

        var access = metadata.OfType<Access>().FirstOrDefault();
        if (AsksForToken(metadata))
        {
            Describe(operation, 401, "`unauthorized`: no access token, or one that is not valid any more", context);
        }

        if (access is Access.Loopback)
        {
            Describe(operation, 404, "`not_found`: asked from another machine", context);
        }

        if (metadata.OfType<Permission>().FirstOrDefault() is { } permission)
        {
            Describe(operation, 403, $"`forbidden`: the caller has not the permission `{permission.Name}`", context);
        }

        if (access is not Access.Loopback && Viewing.IsShut(context.Description.HttpMethod ?? "", metadata))
        {
            Describe(operation, 403, $"`{CommonProblems.ViewingOnly.Code}`: the token is of somebody who views the account as its owner would, and may only look", context);
        }

        if (metadata.OfType<Limit>().FirstOrDefault() is { IsNone: false })
        {
            Describe(operation, 429, "`too_many_requests`: wait as long as `Retry-After` says", context);
        }

        // What is open to everybody and changes nothing is answered from memory.
        if (access is not Access.Anyone || context.Description.HttpMethod != "GET")
        {
            Describe(operation, 503, "`unavailable`: the database can't be reached", context);
        }

        foreach (var (status, response) in operation.Responses!)
        {
            if (status is "429" or "503" && response is OpenApiResponse told)
            {
                told.Headers ??= new Dictionary<string, IOpenApiHeader>();
                told.Headers["Retry-After"] = new OpenApiHeader
                {
                    Required = true,
                    Description = "Seconds until it is worth trying again.",
                    Schema = new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1" },
                };
            }
        }
    }

    private static void Describe(OpenApiOperation operation, int status, string description, OpenApiOperationTransformerContext context)
    {
        var key = status.ToString(CultureInfo.InvariantCulture);
        if (operation.Responses!.TryGetValue(key, out var known))
        {
            known.Description = known.Description is { Length: > 0 } before && before.StartsWith('`') ? $"{before}; {description}" : description;
            return;
        }

        operation.Responses[key] = new OpenApiResponse
        {
            Description = description,
            Content = new Dictionary<string, OpenApiMediaType> { ["application/problem+json"] = new() { Schema = new OpenApiSchemaReference(nameof(ProblemBody), context.Document) } },
        };
    }

    private static JsonNode? Shown(object example) => Pruned(JsonSerializer.SerializeToNode(example, example.GetType(), CardeaJson.Shown));

    private static JsonNode? Pruned(JsonNode? node)
    {
        if (node is JsonObject members)
        {
            foreach (var absent in members.Where(member => member.Value is null).Select(member => member.Key).ToList())
            {
                members.Remove(absent);
            }
        }

        return node;
    }
}
