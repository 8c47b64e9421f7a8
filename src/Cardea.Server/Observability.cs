using Cardea.Foundation.Web;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Cardea.Server;

/// <summary>
/// OpenTelemetry, switched on by the standard variables: an endpoint in OTEL_EXPORTER_OTLP_ENDPOINT (or its _METRICS_ or _TRACES_ form) starts the
/// exporter, OTEL_SDK_DISABLED=true keeps it off. Without them nothing leaves the process.
/// </summary>
internal static class Observability
{
    public static void AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        if (string.Equals(configuration["OTEL_SDK_DISABLED"], "true", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        // In methods of their own, so that the library is loaded only where it is used.
        if (Has("OTEL_EXPORTER_OTLP_ENDPOINT") || Has("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"))
        {
            AddMetrics(services, configuration);
        }

        if (Has("OTEL_EXPORTER_OTLP_ENDPOINT") || Has("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))
        {
            AddTraces(services, configuration);
        }

        bool Has(string variable) => !string.IsNullOrEmpty(configuration[variable]);
    }

    private static void AddMetrics(IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(_ => Sdk.CreateMeterProviderBuilder().SetResourceBuilder(Resource(configuration))
            .AddMeter(Telemetry.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime", "Npgsql")
            .AddOtlpExporter().Build());
        services.AddHostedService<Started<MeterProvider>>();
    }

    private static void AddTraces(IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(_ => Sdk.CreateTracerProviderBuilder().SetResourceBuilder(Resource(configuration))
            .AddSource(Telemetry.Name, "Microsoft.AspNetCore", "Npgsql")
            .AddOtlpExporter().Build());
        services.AddHostedService<Started<TracerProvider>>();
    }

    private static ResourceBuilder Resource(IConfiguration configuration) =>
        ResourceBuilder.CreateDefault().AddService(configuration["OTEL_SERVICE_NAME"] ?? "cardea").AddEnvironmentVariableDetector();

    /// <summary>Asks for the provider, so that it is made at start and flushed at the end.</summary>
#pragma warning disable CS9113 // being asked for is all that is needed
    private sealed class Started<T>(T provider) : IHostedService
#pragma warning restore CS9113
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
