using Cardea.Foundation.Data;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cardea.Foundation.Jobs;

/// <summary>
/// Work that goes on behind the requests: it runs at an interval, and at once when somebody wakes it. A run that fails is logged and tried
/// again at the next turn; a job never takes the process down.
/// </summary>
public abstract partial class Job(string name, TimeSpan interval, ILogger log) : BackgroundService
{
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

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
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

            await _signal.WaitAsync(interval, stoppingToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

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
