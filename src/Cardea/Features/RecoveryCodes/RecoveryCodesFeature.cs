using Cardea.Features.Accounts;
using Cardea.Features.SecondSteps;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.RecoveryCodes;

internal static class RecoveryCodesFeature
{
    private static readonly Limit Renewals = Limit.Requests("recovery-codes", 60, TimeSpan.FromMinutes(15));

    public static void AddRecoveryCodes(this IServiceCollection services)
    {
        services.AddSingleton<RecoveryCodeStore>();
        services.AddSingleton<RecoveryCodes>();
        services.AddSingleton<ISecondFactor>(provider => provider.GetRequiredService<RecoveryCodes>());
        services.AddSingleton<RecoveryCodeRenewal>();
        services.AddSingleton<RecoveryCodesEndpoints>();
        services.AddSingleton<RecoveryCodesPages>();
        services.AddSingleton(new FactorWay("recovery_code", 90, "codes", new Phrase("Use a recovery code"), new Phrase("Type one of the recovery codes that you have kept. It works once."))
        {
            Code = new(new Phrase("Recovery code"), 64, IsNumeric: false),
        });
        services.AddSingleton(provider => new SecurityEntry(40, "codes", new Phrase("Recovery codes"), RecoveryCodesPages.Path, async (scope, id) =>
            await provider.GetRequiredService<RecoveryCodeStore>().CountAsync(scope, id) is > 0 and var left ? new Phrase("{0} left", left) : new Phrase("None")));
        services.AddSingleton(provider => new FactorsGone((transaction, id) => provider.GetRequiredService<RecoveryCodeStore>().RemoveAllAsync(transaction, id)));
        services.AddSingleton(provider => new AccountReclaim((transaction, id) => provider.GetRequiredService<RecoveryCodeStore>().RemoveAllAsync(transaction, id)));
        services.AddSingleton(provider => new FactorRemoval("recovery_codes", (transaction, id) => provider.GetRequiredService<RecoveryCodeStore>().RemoveAllAsync(transaction, id)));
        services.AddSingleton(provider => new FactorUse("recovery_code", provider.GetRequiredService<RecoveryCodeStore>().CountOwnersAsync));
        services.AddSingleton(provider => new FactorPart("recovery_codes_left", async (scope, id) => await provider.GetRequiredService<RecoveryCodeStore>().CountAsync(scope, id)));
        services.AddSingleton(provider => new AccountData("recovery_codes", ["recovery_codes"], async (scope, id) => new { Left = await provider.GetRequiredService<RecoveryCodeStore>().CountAsync(scope, id) }));
    }

    public static void MapRecoveryCodes(this IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<RecoveryCodesEndpoints>();
        routes.Door("POST", "/users/me/recovery-codes", doors.RenewAsync, Access.RecentBearer, Renewals)
            .Says("Factors", "New recovery codes", "Ten, shown once; the old ones are void.")
            .TakesNothing()
            .Gives(StatusCodes.Status201Created, typeof(RecoveryCodesBody))
            .Refuses(SecondStepsProblems.ReauthenticationRequired, RecoveryCodeRenewal.NothingSetUp);
        var pages = routes.ServiceProvider.GetRequiredService<RecoveryCodesPages>();
        routes.Page(RecoveryCodesPages.Path, pages.ShowAsync, PageAccess.SignedIn);
        routes.Form(RecoveryCodesPages.Path, pages.RenewAsync, PageAccess.RecentlySignedIn, Renewals, from: RecoveryCodesPages.Path);
        // Also for who has set up a factor and is not signed in yet, because all sessions are taken: the codes are in the browser's own cookie.
        routes.Page(RecoveryCodesPages.NewPath, pages.ShowNewAsync, PageAccess.Anyone);
        routes.Form(RecoveryCodesPages.NewPath + "/download", pages.DownloadAsync, PageAccess.Anyone, Limit.None("gives back what the browser sent"));
        routes.Form(RecoveryCodesPages.NewPath + "/kept", pages.KeptAsync, PageAccess.Anyone, Limit.None("forgets what the browser sent"));
    }
}
