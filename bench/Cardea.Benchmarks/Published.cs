using System.Diagnostics;

namespace Cardea.Benchmarks;

/// <summary>The program as an operator installs it.</summary>
internal static class Published
{
    /// <returns>The path of the executable.</returns>
    public static string Make(string scratch)
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Cardea.slnx")))
        {
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("Run this from a clone.");
        }

        var folder = Path.Combine(scratch, "published");
        using var publish = Process.Start(new ProcessStartInfo("dotnet", ["publish", Path.Combine(root, "src/Cardea.Server"), "-c", "Release", "-o", folder, "-v", "quiet"]))!;
        publish.WaitForExit();
        return publish.ExitCode == 0 ? Path.Combine(folder, "cardea") : throw new InvalidOperationException("Publishing failed.");
    }
}
