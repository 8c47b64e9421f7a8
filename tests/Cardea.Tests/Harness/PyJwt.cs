using System.Diagnostics;
using System.Text.Json;

namespace Cardea.Tests.Harness;

/// <summary>Debian's PyJWT, in a process of its own: a verifier that shares no line with the signer.</summary>
public static class PyJwt
{
    private const string Python = "/usr/bin/python3";
    private static readonly Lazy<string?> Missing = new(FindWhatIsMissing);

    /// <summary>Why it can't be asked here; null when it can.</summary>
    public static string? WhyNot => Missing.Value;

    /// <returns>The claims, or null and why the token was refused.</returns>
    public static async Task<(JsonElement? Claims, string? Refused)> VerifyAsync(string token, Uri keySet, string issuer, string audience, string algorithm)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "Harness", "verify_jwt.py");
        using var process = Process.Start(new ProcessStartInfo(Python, [script, keySet.ToString(), issuer, audience, algorithm])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await process.StandardInput.WriteAsync(token);
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await errors);
        var verdict = JsonSerializer.Deserialize<JsonElement>(output);
        return verdict.TryGetProperty("claims", out var claims) ? (claims, null) : (null, verdict.GetProperty("refused").GetString());
    }

    private static string? FindWhatIsMissing()
    {
        if (!File.Exists(Python))
        {
            return $"{Python} is absent";
        }

        using var process = Process.Start(new ProcessStartInfo(Python, ["-c", "import jwt, cryptography; jwt.PyJWKSet"]) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : "PyJWT 2 is absent: apt-get install python3-jwt python3-cryptography";
    }
}

/// <summary>A theory that needs <see cref="PyJwt"/>; skipped with the reason where it isn't installed.</summary>
public sealed class PyJwtTheoryAttribute : TheoryAttribute
{
    public PyJwtTheoryAttribute() => Skip = PyJwt.WhyNot!;
}
