using System.ComponentModel;
using System.Diagnostics;
using Xunit;

namespace Cardea.Crypto.Tests.Harness;

/// <summary>A fact that asks another program, and is skipped, with the reason, where that program does not run.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ProgramFactAttribute : FactAttribute
{
    /// <param name="program">The program and its path.</param>
    /// <param name="probe">Arguments with which it must succeed, such as the import of a needed module.</param>
    public ProgramFactAttribute(string program, params string[] probe)
    {
        Program = program;
        Probe = probe;
        if (!Succeeds(program, probe))
        {
            Skip = $"'{program} {string.Join(' ', probe)}' does not run on this machine.";
        }
    }

    public string Program { get; }

    public IReadOnlyList<string> Probe { get; }

    private static bool Succeeds(string program, string[] probe)
    {
        try
        {
            return OtherProgram.Run(program, probe, "input").ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}

internal static class OtherProgram
{
    internal static (int ExitCode, string Output) Run(string program, IEnumerable<string> arguments, string input = "")
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading its input, as a probe may; what it answered says the rest.
        }

        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.GetAwaiter().GetResult());
    }
}
