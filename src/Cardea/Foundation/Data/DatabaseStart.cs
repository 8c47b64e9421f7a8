using Microsoft.Extensions.Hosting;

namespace Cardea.Foundation.Data;

/// <summary>Brings the schema up to date before anything else starts, and then listens for what other processes change.</summary>
internal sealed class DatabaseStart(Database database, Migrator migrator) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _watching = Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await migrator.RunAsync(cancellationToken);
        _watching = database.WatchAsync(_stopping.Token);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _watching;
    }

    public void Dispose() => _stopping.Dispose();
}
