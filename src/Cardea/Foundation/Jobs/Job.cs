using Cardea.Foundation.Data;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cardea.Foundation.Jobs;

/// <summary>
/// Work that goes on behind the requests: it runs at an interval, and at once when somebody wakes it. A run that fails is logged and tried
/// again at the next turn; a job never takes the process down.
/// </summary>
public abstract partial class Job(string name, TimeSpan interval, ILogger log) : BackgroundService, IHostedLifecycleService
{
    /// <summary>Between the start and the first turn, unless somebody wakes it before. The program sets it, so that its first requests don't share the cores with every job.</summary>
    internal static TimeSpan Settling { get; set; } = TimeSpan.Zero;

    private readonly SemaphoreSlim _signal = new(0, 1);
    private readonly SemaphoreSlim _turn = new(1, 1);

    public string Name { get; } = name;

    public void Wake()
    {
        try
        {
            _signal.Release();
        }
        catch (SemaphoreFullException)
        {
            // It has been woken already and has not run yet.
        }
    }

    /// <summary>Takes a turn now; when one is being taken, waits for it and then takes another.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        await _turn.WaitAsync(stopping);
        try
        {
            await TurnAsync(stopping);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>One turn. The queue that it works on is in the database, so another node may be doing the same.</summary>
    protected abstract Task TurnAsync(CancellationToken stopping);

    /// <summary>What must be there before the server listens; the turns begin when it does.</summary>
    public override Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => base.StartAsync(cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await PauseAsync(Settling, stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                if (Dialect.IsOutage(fault))
                {
                    LogOutage(Name, fault.Message);
                }
                else
                {
                    LogFailed(Name, fault);
                }
            }

            await PauseAsync(interval, stoppingToken);
        }
    }

    private Task PauseAsync(TimeSpan length, CancellationToken stopping) =>
        _signal.WaitAsync(length, stopping).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    public override void Dispose()
    {
        _signal.Dispose();
        _turn.Dispose();
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    [LoggerMessage(1, LogLevel.Error, "The job {Job} failed and will be tried again")]
    private partial void LogFailed(string job, Exception fault);

    [LoggerMessage(2, LogLevel.Warning, "The job {Job} could not reach the database and will be tried again: {Reason}")]
    private partial void LogOutage(string job, string reason);
}
