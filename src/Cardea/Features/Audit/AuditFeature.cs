using Cardea.Foundation.Data;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Audit;

internal static class AuditFeature
{
    public static void AddAudit(this IServiceCollection services)
    {
        services.AddSingleton<AuditStore>();
        services.AddSingleton<AuditLog>();
        services.AddSingleton(provider =>
        {
            var store = provider.GetRequiredService<AuditStore>();
            return new AccountData("audit_events", ["audit_events"], async (scope, id) => (await store.ListOfAccountAsync(scope, id)).Select(AuditEventBody.Of), store.EraseAsync);
        });
    }
}
