using Cardea.Features.Accounts;
using Cardea.Features.SecondSteps;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Totp;

internal static class TotpFeature
{
    private static readonly Limit Changes = Limit.Requests("totp", 300, TimeSpan.FromMinutes(15));

    public static void AddTotp(this IServiceCollection services)
    {
        services.AddSingleton<TotpStore>();
        services.AddSingleton<TotpFactor>();
        services.AddSingleton<ISecondFactor>(provider => provider.GetRequiredService<TotpFactor>());
        services.AddSingleton<TotpEnrolment>();
        services.AddSingleton<TotpEndpoints>();
        services.AddSingleton<TotpPages>();
        services.AddSingleton(new FactorWay("totp", 20, "phone", new Phrase("Use the authenticator app"), new Phrase("Open your authenticator app and type the six digits that it shows for this account."))
        {
            Code = new(new Phrase("Code from the app"), 12, IsNumeric: true),
        });
        services.AddSingleton(new EnrolmentWay(20, "phone", new Phrase("Authenticator app"), new Phrase("An app on your phone shows a code that you type."), TotpPages.Path));
        services.AddSingleton(provider => new SecurityEntry(20, "phone", new Phrase("Authenticator app"), TotpPages.Path, async (scope, id) =>
            await provider.GetRequiredService<TotpStore>().FindAsync(scope, id) is { ConfirmedAt: not null } ? new Phrase("On") : new Phrase("Off")));
        services.AddSingleton(provider => new AccountReclaim((transaction, id) => provider.GetRequiredService<TotpStore>().RemoveAnyAsync(transaction, id)));
        services.AddSingleton(provider => new FactorRemoval("totp", (transaction, id) => provider.GetRequiredService<TotpStore>().RemoveAnyAsync(transaction, id)));
        services.AddSingleton(provider => new FactorUse("totp", provider.GetRequiredService<TotpStore>().CountAsync));
        services.AddSingleton(provider => new FactorPart("totp", async (scope, id) => await provider.GetRequiredService<TotpStore>().FindAsync(scope, id) is { ConfirmedAt: not null }));
        services.AddSingleton(provider => new AccountData("authenticator_app", ["totp_secrets"], async (scope, id) =>
            await provider.GetRequiredService<TotpStore>().FindAsync(scope, id) is { } totp
                ? new { IsSetUp = totp.ConfirmedAt is not null, CreatedAt = (DateTimeOffset?)totp.CreatedAt.ToInstant() }
                : new { IsSetUp = false, CreatedAt = default(DateTimeOffset?) }));
    }

    public static void MapTotp(this IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<TotpEndpoints>();
        routes.Door("POST", "/users/me/totp", doors.BeginAsync, Access.Enrolling, Changes)
            .Says("Factors", "Set up an authenticator app", "Gives the secret as text, as a key URI and as a QR code. Nothing is on until it is confirmed.")
            .TakesNothing()
            .Gives(StatusCodes.Status201Created, typeof(TotpBody))
            .Refuses(SecondStepsProblems.ReauthenticationRequired, TotpProblems.AlreadySetUp);
        routes.Door("POST", "/users/me/totp/confirm", doors.ConfirmAsync, Access.Enrolling, Changes)
            .Says("Factors", "Confirm the authenticator app", "Gives ten recovery codes, shown once. With an `enrollment_token` it also gives the tokens of the sign-in that had to set it up; where something else stands in its way, `next` says what. After `session_active` the same token, as `mfa_token` with `replace`, goes on.")
            .Takes(new TotpConfirmRequest("123456"))
            .Gives(StatusCodes.Status200OK, typeof(EnrolledBody))
            .Refuses(SecondStepsProblems.InvalidCode, SecondStepsProblems.ReauthenticationRequired, TotpProblems.NothingToConfirm, CommonProblems.TooManyRequests);
        routes.Door("DELETE", "/users/me/totp", doors.RemoveAsync, Access.RecentBearer, Changes)
            .Says("Factors", "Remove the authenticator app", "Needs a recent sign-in with a factor. Ends the other sessions.")
            .Gives(StatusCodes.Status200OK, typeof(MessageBody))
            .Refuses(SecondStepsProblems.ReauthenticationRequired, CommonProblems.NotFound);
        var pages = routes.ServiceProvider.GetRequiredService<TotpPages>();
        routes.Page(TotpPages.Path, pages.ShowAsync, PageAccess.Enrolling);
        routes.Form(TotpPages.Path, pages.BeginAsync, PageAccess.Enrolling, Changes, from: TotpPages.Path);
        routes.Form(TotpPages.Path + "/confirm", pages.ConfirmAsync, PageAccess.Enrolling, Changes, from: TotpPages.Path);
        routes.Form(TotpPages.Path + "/remove", pages.RemoveAsync, PageAccess.RecentlySignedIn, Changes, from: TotpPages.Path);
    }
}
