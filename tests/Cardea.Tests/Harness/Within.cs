using System.Diagnostics;

namespace Cardea.Tests.Harness;

/// <summary>For what is promised within a time: asks until it is so, and fails when it was so too late.</summary>
public static class Within
{
    public static async Task<TimeSpan> OneSecondAsync(Func<Task<bool>> isSo)
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            // An answer is judged by when it was asked for: a slow machine must not make it late.
            var asked = Stopwatch.GetElapsedTime(begun);
            if (await isSo())
            {
                return asked;
            }

            Assert.True(asked <= TimeSpan.FromSeconds(1), $"It was not so {asked.TotalMilliseconds:F0} ms after.");
            await Task.Delay(10);
        }
    }
}
