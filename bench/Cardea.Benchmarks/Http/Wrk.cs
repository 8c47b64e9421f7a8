using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Cardea.Benchmarks.Http;

/// <summary>One run of wrk, the load generator of the system's packages.</summary>
internal sealed partial record Wrk(double RequestsPerSecond, double P50Milliseconds, double P99Milliseconds, long Errors)
{
    public static async Task<Wrk> RunAsync(string url, int connections, TimeSpan duration, string? script = null, params string[] scriptArguments)
    {
        List<string> arguments = ["-t1", $"-c{connections}", $"-d{duration.TotalSeconds:0}s", "--latency", .. script is null ? Array.Empty<string>() : ["-s", script], url, .. scriptArguments.Length == 0 ? Array.Empty<string>() : ["--", .. scriptArguments]];
        using var process = Process.Start(new ProcessStartInfo("wrk", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new(
            Number(Rate().Match(text)),
            Time(Half().Match(text)),
            Time(NinetyNine().Match(text)),
            (long)Number(Refused().Match(text)) + (text.Contains("Socket errors", StringComparison.Ordinal) ? 1 : 0));
    }

    private static double Number(Match match) => match.Success ? double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0;

    private static double Time(Match match) => Number(match) * match.Groups[2].Value switch { "us" => 0.001, "s" => 1000, _ => 1 };

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();

    [GeneratedRegex(@"50%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex Half();

    [GeneratedRegex(@"99%\s+([\d.]+)(us|ms|s)")]
    private static partial Regex NinetyNine();

    [GeneratedRegex(@"Non-2xx or 3xx responses: (\d+)")]
    private static partial Regex Refused();
}
