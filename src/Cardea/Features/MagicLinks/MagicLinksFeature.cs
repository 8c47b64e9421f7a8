using Cardea.Features.Mail;
using Cardea.Features.SignIn;
using Cardea.Features.Tokens;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.MagicLinks;

internal static class MagicLinksFeature
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(15);
    private static readonly Limit Sends = Limit.Requests("link-send", 600, Window);
    private static readonly Limit SignIns = Limit.Failures("link-login", 300, Window);

    public static void AddMagicLinks(this IServiceCollection services, MailOptions mail)
    {
        services.AddSingleton<MagicLinkSignIn>();
        services.AddSingleton<MagicLinksEndpoints>();
        services.AddSingleton<MagicLinksPages>();
        services.AddSingleton(provider => new MailRequestKind(MagicLinksEndpoints.Kind, (transaction, asked) => provider.GetRequiredService<MagicLinkSignIn>().ResolveAsync(transaction, asked)));
        if (mail.Transport is not MailTransport.None)
        {
            services.AddSingleton(new SignInWay(40, "arrow", new Phrase("Mail me a link"), MagicLinkSignIn.Path));
        }
    }

    public static void MapMagicLinks(this IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<MagicLinksEndpoints>();
        routes.Door("POST", "/auth/link/send", doors.SendAsync, Access.Anyone, Sends).Challenged("mail")
            .Says("Sign-in", "Mail a link to sign in with", "The same answer for every address. The link works once, for 15 minutes; a newer one voids the older.")
            .Takes(new LinkSendRequest("alice@example.org"))
            .Gives(StatusCodes.Status202Accepted, typeof(MessageBody));
        routes.Door("POST", "/auth/link/login", doors.SignInAsync, Access.Anyone, SignIns)
            .Says("Sign-in", "Sign in by a mailed link", "With the `token` of the link. Where a second factor is set up it is asked for next. The link proves the address.")
            .Takes(new LinkLoginRequest("nJ3…"))
            .Admits()
            .Refuses(TokenProblems.InvalidToken);
        var pages = routes.ServiceProvider.GetRequiredService<MagicLinksPages>();
        routes.Page(MagicLinkSignIn.Path, pages.ShowAsync, PageAccess.Anyone);
        routes.Form(MagicLinkSignIn.Path, pages.SignInAsync, PageAccess.Anyone, SignIns);
        routes.Form(MagicLinkSignIn.Path + "/send", pages.AskAsync, PageAccess.Anyone, Sends).Challenged("mail");
    }
}
