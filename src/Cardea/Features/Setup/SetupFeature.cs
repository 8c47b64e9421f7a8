using Cardea.Foundation.Pages;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Setup;

internal static class SetupFeature
{
    private static readonly Limit Tries = Limit.Failures("setup", 300, TimeSpan.FromMinutes(15));

    public static void AddSetup(this IServiceCollection services)
    {
        services.AddSingleton<SetupLinkStore>();
        services.AddSingleton<SetupLink>();
        services.AddSingleton<FirstAdministrator>();
        services.AddSingleton<SetupPages>();
    }

    public static void MapSetup(this IEndpointRouteBuilder routes)
    {
        var pages = routes.ServiceProvider.GetRequiredService<SetupPages>();
        routes.Page(SetupLink.Path, pages.ShowAsync, PageAccess.Anyone);
        routes.Form(SetupLink.Path, pages.MakeAsync, PageAccess.Anyone, Tries);
    }
}
