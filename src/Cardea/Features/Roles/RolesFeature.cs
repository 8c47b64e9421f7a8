using Cardea.Foundation.Data;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Roles;

internal static class RolesFeature
{
    public static void AddRoles(this IServiceCollection services)
    {
        services.AddSingleton<RoleStore>();
        services.AddSingleton<RolePermissions>();
        services.AddSingleton(provider => new AccountData(
            "roles", ["account_roles"], async (scope, id) => await provider.GetRequiredService<RoleStore>().ListOfAccountAsync(scope, id)));
    }
}
