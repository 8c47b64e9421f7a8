using Cardea.Features.Accounts;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Standing;

internal static class StandingFeature
{
    public static void AddStanding(this IServiceCollection services)
    {
        services.AddSingleton<AccountStanding>();
        services.AddSingleton(new StandingCheck(StandingOrder.Disabled, question => new(question.Account.Account.IsDisabled ? AccountProblems.AccountDisabled : null)));
        services.AddSingleton(provider => Unverified(provider.GetRequiredService<AccountsOptions>()));
    }

    /// <summary>Where accounts are concealed, "not verified yet" would tell that there is one: it is said as a wrong password would be.</summary>
    private static StandingCheck Unverified(AccountsOptions options) => new(StandingOrder.Unverified, question => new(
        !options.RequireVerifiedEmail || question.Account.Account.IsVerified ? null
        : options.ConcealExistingAccounts ? AccountProblems.InvalidCredentials
        : AccountProblems.EmailNotVerified));
}
