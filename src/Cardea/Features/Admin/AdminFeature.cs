using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Admin;

internal static class AdminFeature
{
    public static void AddAdmin(this IServiceCollection services)
    {
        services.AddSingleton<AccountCreation>();
        services.AddSingleton<AccountDisabling>();
        services.AddSingleton<PasswordSetting>();
        services.AddSingleton<RoleGrants>();
    }
}
