using Cardea.Features.Accounts;
using Cardea.Features.SecondSteps;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.RecoveryCodes;

internal static class RecoveryCodesFeature
{
    public static void AddRecoveryCodes(this IServiceCollection services)
    {
        services.AddSingleton<RecoveryCodeStore>();
        services.AddSingleton<RecoveryCodes>();
        services.AddSingleton<ISecondFactor>(provider => provider.GetRequiredService<RecoveryCodes>());
        services.AddSingleton<RecoveryCodeRenewal>();
        services.AddSingleton<RecoveryCodesEndpoints>();
        services.AddSingleton(provider => new FactorsGone((transaction, id) => provider.GetRequiredService<RecoveryCodeStore>().RemoveAllAsync(transaction, id)));
        services.AddSingleton(provider => new AccountReclaim((transaction, id) => provider.GetRequiredService<RecoveryCodeStore>().RemoveAllAsync(transaction, id)));
        services.AddSingleton(provider => new FactorUse("recovery_code", provider.GetRequiredService<RecoveryCodeStore>().CountOwnersAsync));
        services.AddSingleton(provider => new FactorPart("recovery_codes_left", async (scope, id) => await provider.GetRequiredService<RecoveryCodeStore>().CountAsync(scope, id)));
        services.AddSingleton(provider => new AccountData("recovery_codes", ["recovery_codes"], async (scope, id) => new { Left = await provider.GetRequiredService<RecoveryCodeStore>().CountAsync(scope, id) }));
    }

    public static void MapRecoveryCodes(this IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<RecoveryCodesEndpoints>();
        routes.Door("POST", "/users/me/recovery-codes", doors.RenewAsync, Access.RecentBearer, Limit.Requests("recovery-codes", 60, TimeSpan.FromMinutes(15)))
            .Says("Factors", "New recovery codes", "Ten, shown once; the old ones are void.")
            .TakesNothing()
            .Gives(StatusCodes.Status201Created, typeof(RecoveryCodesBody))
            .Refuses(SecondStepsProblems.ReauthenticationRequired, RecoveryCodeRenewal.NothingSetUp);
    }
}
