using Cardea.Features.Accounts;
using Cardea.Features.Sessions;
using Cardea.Features.Standing;
using Cardea.Features.Tokens;
using Cardea.Foundation.Data;
using Cardea.Foundation.Jobs;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.SignIn;

internal static class SignInFeature
{
    public static void AddSignIn(this IServiceCollection services, SettingsReader settings)
    {
        services.AddSingleton(SignInOptions.Read(settings));
        services.AddSingleton<SignInNoticeStore>();
        services.AddSingleton<SignInNotices>();
        services.AddSingleton<SignInGate>();
        services.AddSingleton<FailedSignIns>();
        services.AddSingleton<SignOut>();
        services.AddSingleton<SignInEndpoints>();
        services.AddSingleton<SignInPages>();
        services.AddSingleton<PageSignIn>();
        services.AddSingleton<FindPageCaller>(provider =>
        {
            // As with a bearer token: an account that was disabled after it signed in opens nothing.
            var (cookie, accounts) = (provider.GetRequiredService<SessionCookie>(), provider.GetRequiredService<AccountDirectory>());
            return async http => await cookie.FindCallerAsync(http) is { } caller && await accounts.FindAsync(caller.AccountId) is { Account.IsDisabled: false } ? caller : null;
        });
        services.AddSingleton(provider => new Purge("sign-in notices", provider.GetRequiredService<SignInNoticeStore>().PurgeAsync));
        services.AddSingleton(provider => new AccountData("sign_in_notices", ["sign_in_notices"], async (scope, id) =>
            (await provider.GetRequiredService<SignInNoticeStore>().ListOfAccountAsync(scope, id)).Select(notice => new
            {
                To = notice.Recipient,
                notice.Address,
                notice.UserAgent,
                CreatedAt = notice.CreatedAt.ToInstant(),
                AnsweredAt = notice.AnsweredAt.ToInstant(),
            })));
    }

    /// <summary>The door leads to the gate: it gives tokens, or whatever the account's standing or the session limit answers.</summary>
    public static T Admits<T>(this T door)
        where T : IEndpointConventionBuilder => door.Gives(StatusCodes.Status200OK, typeof(TokenBody)).AsksStanding().Refuses(SignInProblems.SessionActive);

    public static void MapSignIn(this IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<SignInEndpoints>();
        routes.Door("POST", "/auth/logout", doors.SignOutAsync, Access.Bearer, Limit.None("ends the caller's own session"))
            .Says("Sign-in", "Sign out", "The session is over at once, on every node: its access token and refresh token with it.")
            .TakesNothing()
            .Gives(StatusCodes.Status200OK, typeof(MessageBody))
            .OpenToViewers();
        var pages = routes.ServiceProvider.GetRequiredService<SignInPages>();
        routes.Page("/logout", pages.AskAsync, PageAccess.Anyone);
        routes.Form("/logout", pages.SignOutAsync, PageAccess.Anyone, Limit.None("ends the caller's own session")).OpenToViewers();
    }
}
