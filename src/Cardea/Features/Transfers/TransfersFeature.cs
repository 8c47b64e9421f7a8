using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Transfers;

internal static class TransfersFeature
{
    public static void AddTransfers(this IServiceCollection services)
    {
        services.AddSingleton<ImportedRowStore>();
        services.AddSingleton<ImportBatch>();
        services.AddSingleton<AccountImport>();
        services.AddSingleton<AccountsExport>();
    }
}
