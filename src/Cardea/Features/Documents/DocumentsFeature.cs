using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Documents;

/// <summary>The OpenAPI document and Swagger UI over it.</summary>
internal static class DocumentsFeature
{
    public const string DocumentPath = "/openapi/v1.json";

    public static void AddDocuments(this IServiceCollection services, ServerOptions server)
    {
        if (server.DocsEnabled)
        {
            services.AddOpenApi("v1", options =>
            {
                options.AddDocumentTransformer<OpenApiText>().AddOperationTransformer<OpenApiText>().AddSchemaTransformer<OpenApiText>();
                options.ShouldInclude = door => door.HttpMethod != HttpMethods.Head; // goes without saying wherever there is a GET
            });
            services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, OwnNames.Resolver));
        }
    }

    public static void MapDocuments(this IEndpointRouteBuilder routes)
    {
        if (routes.ServiceProvider.GetRequiredService<ServerOptions>().DocsEnabled)
        {
            routes.MapOpenApi("/openapi/{documentName}.json").WithMetadata(Access.Anyone, Limit.None("the same for everybody, and small"));
        }
    }
}
