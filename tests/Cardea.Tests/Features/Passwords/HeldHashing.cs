using Cardea.Features.Passwords;
using Cardea.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Features.Passwords;

/// <summary>Keeps all hashing threads of a server at work until it is disposed: whoever comes meanwhile stands in line.</summary>
internal sealed class HeldHashing : IDisposable
{
    private readonly ManualResetEventSlim _release = new();

    private HeldHashing()
    {
    }

    public static async Task<HeldHashing> BeginAsync(TestApp app)
    {
        var held = new HeldHashing();
        var begun = new List<Task>();
        foreach (var number in Enumerable.Range(0, Environment.ProcessorCount))
        {
            var at = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            begun.Add(at.Task);
            _ = Gate(app).JudgeAsync(() =>
            {
                at.SetResult();
                held._release.Wait();
                return "";
            }, HashingPlace.Known($"held {number}"));
        }

        await Task.WhenAll(begun);
        return held;
    }

    public static HashingGate Gate(TestApp app) => app.Services.GetRequiredService<HashingGate>();

    public void Dispose() => _release.Set();
}
