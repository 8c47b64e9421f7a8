using System.Diagnostics;

namespace Cardea.Tests.Harness;

/// <summary>For what comes about by itself and whose time is not promised.</summary>
public static class Eventually
{
    public static async Task IsAsync(Func<Task<bool>> isSo, string what)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!await isSo())
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(20), $"Waited 20 s in vain until {what}.");
            await Task.Delay(20);
        }
    }
}
