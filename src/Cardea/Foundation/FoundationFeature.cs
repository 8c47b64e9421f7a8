using Cardea.Crypto.Secrets;
using Cardea.Foundation.Data;
using Cardea.Foundation.Jobs;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Cardea.Foundation;

internal static class FoundationFeature
{
    public static void AddFoundation(this IServiceCollection services, ServerOptions server)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddRouting();
        services.AddSingleton(server);
        services.AddSingleton(provider => new PublicUrl(server.PublicUrl, provider.GetRequiredService<IServer>()));
        services.AddSingleton<Admission>();
        services.AddSingleton<Draining>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<Draining>());
        services.AddSingleton<MasterKey>(_ =>
        {
            DataDirectory.Prepare(server.DataDirectory);
            return DataDirectory.MasterKey(server);
        });
        services.AddSingleton<RequestLimiter>();
        services.AddSingleton<DoorLimiter>();
        services.AddSingleton<Invalidations>();
        services.AddSingleton<Database>(provider =>
        {
            DataDirectory.Prepare(server.DataDirectory);
            return server.Engine is Engine.Postgres
                ? ActivatorUtilities.CreateInstance<PostgresDatabase>(provider, server.ConnectionString)
                : ActivatorUtilities.CreateInstance<SqliteDatabase>(provider, server.ConnectionString);
        });
        services.AddSingleton<Migrator>();
        // First of the hosted services: the others, the framework's among them, find the schema there.
        services.AddSingleton<IHostedService, DatabaseStart>();
        services.AddPagesFoundation();
        services.AddSingleton<IHostedService, PurgeJob>();
        services.AddSingleton<IHostedService, ClockJob>();
    }
}
