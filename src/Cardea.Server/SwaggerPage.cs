using Cardea.Foundation.Settings;

namespace Cardea.Server;

/// <summary>Swagger UI at /docs, from the program's own files: no other host is asked for anything.</summary>
internal static class SwaggerPage
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void UseSwagger(this WebApplication app)
    {
        if (!app.Services.GetRequiredService<ServerOptions>().DocsEnabled)
        {
            return;
        }

        app.Use(next =>
        {
            // Made when somebody asks for it, and out of the way of all other requests.
            var page = new Lazy<RequestDelegate>(() => Build(app, next));
            return http =>
            {
                if (!http.Request.Path.StartsWithSegments("/docs", StringComparison.OrdinalIgnoreCase))
                {
                    return next(http);
                }

                http.Response.Headers.ContentSecurityPolicy = Policy;
                return page.Value(http);
            };
        });
    }

    private static RequestDelegate Build(IApplicationBuilder app, RequestDelegate next)
    {
        var branch = app.New();
        branch.UseSwaggerUI(ui =>
        {
            ui.RoutePrefix = "docs";
            ui.DocumentTitle = "Cardea API";
            ui.SwaggerEndpoint("/openapi/v1.json", "Cardea");
            ui.EnablePersistAuthorization();
            ui.DisplayRequestDuration();
        });
        branch.Run(next);
        return branch.Build();
    }
}
