using Cardea.Features.Accounts;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Standing;

internal static class StandingFeature
{
    public static void AddStanding(this IServiceCollection services)
    {
        services.AddSingleton<AccountStanding>();
        services.AddSingleton(new StandingCheck(StandingOrder.Disabled, [AccountProblems.AccountDisabled], question => new(question.Account.Account.IsDisabled ? AccountProblems.AccountDisabled : null)));
        services.AddSingleton(provider => Unverified(provider.GetRequiredService<AccountsOptions>()));
    }

    /// <summary>The door asks the standing, and so may answer whatever any room's check does.</summary>
    public static T AsksStanding<T>(this T door)
        where T : IEndpointConventionBuilder
    {
        door.Add(endpoint =>
        {
            var refusals = endpoint.ApplicationServices.GetServices<StandingCheck>().OrderBy(check => check.Order).SelectMany(check => check.Refusals);
            foreach (var status in refusals.GroupBy(problem => problem.Status))
            {
                endpoint.Metadata.Add(new Refusals(status.Key, [.. status.Select(problem => problem.Code)]));
            }
        });
        return door;
    }

    /// <summary>Where accounts are concealed, "not verified yet" would tell that there is one: it is said as a wrong password would be.</summary>
    private static StandingCheck Unverified(AccountsOptions options) => new(StandingOrder.Unverified, [AccountProblems.EmailNotVerified, AccountProblems.InvalidCredentials], question => new(
        !options.RequireVerifiedEmail || question.Account.Account.IsVerified ? null
        : options.ConcealExistingAccounts ? AccountProblems.InvalidCredentials
        : AccountProblems.EmailNotVerified));
}
