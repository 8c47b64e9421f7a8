using System.ComponentModel;
using System.Diagnostics;

namespace Cardea.Tests.Features.Documents;

/// <summary>Python's <c>openapi-spec-validator</c>, where it is installed.</summary>
public static class OpenApiValidator
{
    public static string? WhyNot { get; } = Find();

    public static async Task<string> RunAsync(string path)
    {
        using var process = Start("-m", "openapi_spec_validator", path);
        var (said, faults) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return await said + await faults;
    }

    private static string? Find()
    {
        const string reason = "openapi-spec-validator is not installed for python3";
        try
        {
            using var process = Start("-c", "import openapi_spec_validator");
            process.WaitForExit();
            return process.ExitCode == 0 ? null : reason;
        }
        catch (Win32Exception)
        {
            return reason;
        }
    }

    private static Process Start(params string[] args) =>
        Process.Start(new ProcessStartInfo("python3", args) { RedirectStandardOutput = true, RedirectStandardError = true })!;
}

public sealed class OpenApiValidatorFactAttribute : FactAttribute
{
    public OpenApiValidatorFactAttribute() => Skip = OpenApiValidator.WhyNot!;
}
