using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Cardea.Tests.Harness;

/// <summary>Hashes that other programs make of a password, in a process that shares no line with ours.</summary>
public static class ForeignHashes
{
    private const string Python = "/usr/bin/python3";
    private static readonly Lazy<string?> Missing = new(FindWhatIsMissing);

    /// <summary>Why they can't be made here; null when they can.</summary>
    public static string? WhyNot => Missing.Value;

    public static async Task<JsonElement> MakeAsync(string password)
    {
        using var process = Start([Path.Combine(AppContext.BaseDirectory, "Harness", "foreign_hashes.py"), password]);
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        return JsonSerializer.Deserialize<JsonElement>(output);
    }

    private static Process Start(string[] arguments) => Process.Start(new ProcessStartInfo(Python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static string? FindWhatIsMissing()
    {
        try
        {
            using var process = Start(["-c", "import cryptography, hashlib, shutil; hashlib.scrypt; assert shutil.which('argon2') and shutil.which('perl')"]);
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : "needs python3-cryptography, argon2 and perl: apt-get install python3-cryptography argon2 perl";
        }
        catch (Win32Exception)
        {
            return $"{Python} is absent";
        }
    }
}

/// <summary>A theory that needs <see cref="ForeignHashes"/>; skipped with the reason where they can't be made.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ForeignHashesTheoryAttribute : TheoryAttribute
{
    public ForeignHashesTheoryAttribute() => Skip = ForeignHashes.WhyNot!;
}
