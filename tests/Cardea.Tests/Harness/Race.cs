namespace Cardea.Tests.Harness;

/// <summary>Lets many callers go at the same moment.</summary>
public static class Race
{
    public static async Task<T[]> RunAsync<T>(int callers, Func<int, Task<T>> act)
    {
        var ready = 0;
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var running = Enumerable.Range(0, callers).Select(async number =>
        {
            if (Interlocked.Increment(ref ready) == callers)
            {
                go.SetResult();
            }

            await go.Task;
            return await act(number);
        }).ToArray();
        return await Task.WhenAll(running);
    }
}
