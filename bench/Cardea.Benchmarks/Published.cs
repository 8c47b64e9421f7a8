using System.Diagnostics;

namespace Cardea.Benchmarks;

/// <summary>The program as its users run it.</summary>
internal static class Published
{
    /// <summary>The top of the clone that this runs from.</summary>
    public static string Root { get; } = FindRoot();

    /// <returns>The path of the executable.</returns>
    public static string Make(string scratch, params string[] arguments)
    {
        var folder = Path.Combine(scratch, "published");
        using var publish = Process.Start(new ProcessStartInfo("dotnet", ["publish", Path.Combine(Root, "src/Cardea.Server"), "-c", "Release", "-o", folder, "-v", "quiet", .. arguments]))!;
        publish.WaitForExit();
        return publish.ExitCode == 0 ? Path.Combine(folder, "cardea") : throw new InvalidOperationException("Publishing failed.");
    }

    /// <summary>What a server under measurement is told.</summary>
    public static Dictionary<string, string> Environment(string dataDirectory, string? postgres) => new()
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Production",
        ["Cardea__DataDirectory"] = dataDirectory,
        ["Cardea__Mail__Transport"] = "none",
        ["Cardea__Database__Provider"] = postgres is null ? "sqlite" : "postgres",
        ["Cardea__Database__ConnectionString"] = postgres ?? "",
        ["Logging__LogLevel__Default"] = "Warning",
    };

    private static string FindRoot()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Cardea.slnx")))
        {
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("Run this from a clone.");
        }

        return root;
    }
}
