using System.Text.Json;
using System.Text.Json.Nodes;
using Cardea.Features.Health;
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
        return Task.CompletedTask;
    }

    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<Access>().FirstOrDefault() is Access.Bearer or Access.RecentBearer or Access.Enrolling or Access.Administrator)
        {
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(BearerScheme, context.Document)] = [] }];
        }

        if (metadata.OfType<BodyExample>().FirstOrDefault() is { } example && operation.RequestBody?.Content?.TryGetValue("application/json", out var media) is true)
        {
            media.Example = Shown(example.Value);
        }

        DescribeParameters(operation, metadata, context.Description.RelativePath ?? "");
        operation.Responses ??= [];
        AddRefusals(operation, metadata, context);
        return Task.CompletedTask;
    }

    /// <summary>An optional member is shown as what it holds.</summary>
    public Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.JsonTypeInfo.Type == typeof(Optional<string>))
        {
            schema.Type = JsonSchemaType.String | JsonSchemaType.Null;
            schema.Properties?.Clear();
            schema.Required?.Clear();
        }

        return Task.CompletedTask;
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
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
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
        foreach (var refusals in metadata.OfType<Refusals>())
        {
            Describe(operation, refusals.Status, string.Join(", ", refusals.Codes.Select(code => $"`{code}`")), context);
        }

        if (metadata.OfType<Challenged>().Any())
        {
            Describe(operation, 403, "`challenge_required`: with a `challenge` to solve, where the settings ask for it", context);
        }

        if (metadata.OfType<BodyExample>().Any())
        {
            Describe(operation, 400, "`validation_failed`, with the fields that are wrong, or `malformed_request`", context);
            Describe(operation, 413, "`body_too_large`: more than 64 KiB", context);
            Describe(operation, 415, "`unsupported_media_type`: not JSON in UTF-8", context);
        }

        if (metadata.OfType<Access>().FirstOrDefault() is Access.Bearer or Access.RecentBearer or Access.Enrolling or Access.Administrator)
        {
            Describe(operation, 401, "`unauthorized`: no access token, or one that is not valid any more", context);
        }

        if (metadata.OfType<Permission>().FirstOrDefault() is { } permission)
        {
            Describe(operation, 403, $"`forbidden`: the caller has not the permission `{permission.Name}`", context);
        }

        if (metadata.OfType<Limit>().FirstOrDefault() is { IsNone: false })
        {
            Describe(operation, 429, "`too_many_requests`: wait as long as `Retry-After` says", context);
        }
    }

    private static void Describe(OpenApiOperation operation, int status, string description, OpenApiOperationTransformerContext context)
    {
        var key = status.ToString(System.Globalization.CultureInfo.InvariantCulture);
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
