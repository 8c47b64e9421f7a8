using Cardea.Foundation.Data;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Cardea.Features.Audit;

internal static class AuditFeature
{
    public static void AddAudit(this IServiceCollection services)
    {
        services.AddSingleton<AuditStore>();
        services.AddSingleton<AuditLog>();
        services.AddSingleton<AuditChainStore>();
        services.AddSingleton<AuditCommitments>();
        services.AddSingleton<AuditSealer>();
        services.AddSingleton<AuditSigner>();
        services.AddSingleton<AuditCheckpointFile>();
        services.AddSingleton<AuditVerification>();
        services.AddSingleton<IHostedService, AuditSealingJob>();
        services.AddSingleton(provider =>
        {
            var store = provider.GetRequiredService<AuditStore>();
            return new AccountData("audit_events", ["audit_events"], async (scope, id) => (await store.ListOfAccountAsync(scope, id)).Select(AuditEventBody.Of),
                (transaction, id) => store.EraseAsync(transaction, id, provider.GetRequiredService<AuditCommitments>().Erased(id)));
        });
    }
}
