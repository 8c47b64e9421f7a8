using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Backups;

internal static class BackupsFeature
{
    public static void AddBackups(this IServiceCollection services)
    {
        services.AddSingleton<BackupStore>();
        services.AddSingleton<BackupSeal>();
        services.AddSingleton<Backup>();
        services.AddSingleton<Restore>();
    }
}
