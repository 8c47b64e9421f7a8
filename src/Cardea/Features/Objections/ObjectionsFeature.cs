using Cardea.Features.Accounts;
using Cardea.Features.SignIn;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Objections;

internal static class ObjectionsFeature
{
    private static readonly Limit Objections = Limit.Failures("objections", 300, TimeSpan.FromMinutes(15));

    public static void AddObjections(this IServiceCollection services)
    {
        services.AddSingleton<ObjectionsMails>();
        services.AddSingleton<SignInObjection>();
        services.AddSingleton<EmailChangeObjection>();
        services.AddSingleton<ObjectionsPages>();
    }

    public static void MapObjections(this IEndpointRouteBuilder routes)
    {
        var pages = routes.ServiceProvider.GetRequiredService<ObjectionsPages>();
        routes.Page(SignInNotices.NotMePath, pages.ShowSignInAsync, PageAccess.Anyone);
        routes.Form(SignInNotices.NotMePath, pages.ObjectToSignInAsync, PageAccess.Anyone, Objections);
        routes.Page(EmailChange.UndoPath, pages.ShowEmailChangeAsync, PageAccess.Anyone);
        routes.Form(EmailChange.UndoPath, pages.ObjectToEmailChangeAsync, PageAccess.Anyone, Objections);
    }
}
