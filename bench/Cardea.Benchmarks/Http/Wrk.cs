using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Cardea.Benchmarks.Http;

/// <summary>One run of wrk, the load generator of the system's packages.</summary>
internal sealed partial record Wrk(double RequestsPerSecond, double P50Milliseconds, double P95Milliseconds, double P99Milliseconds, long Requests, long Errors)
{
    private const string Report =
        """

        function done(summary, latency, requests)
          io.write(string.format("measured %d %d %d %d %d %d\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(95), latency:percentile(99),
            summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout))
        end
        """;

    /// <param name="script">Lua that makes the requests; null for GET.</param>
    public static async Task<Wrk> RunAsync(string url, int connections, TimeSpan duration, string? script = null, params string[] scriptArguments)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, script + Report);
            List<string> arguments = ["-t1", $"-c{connections}", $"-d{duration.TotalSeconds:0}s", "-s", file, url, .. scriptArguments.Length == 0 ? Array.Empty<string>() : ["--", .. scriptArguments]];
            using var process = Process.Start(new ProcessStartInfo("wrk", arguments) { RedirectStandardOutput = true })!;
            var text = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            var match = Measured().Match(text);
            if (!match.Success)
            {
                throw new InvalidOperationException($"wrk says: {text}");
            }

            var figures = match.Groups[1].Value.Split(' ').Select(figure => long.Parse(figure, CultureInfo.InvariantCulture)).ToArray();
            return new(figures[0] * 1e6 / figures[1], figures[2] / 1000.0, figures[3] / 1000.0, figures[4] / 1000.0, figures[0], figures[5]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [GeneratedRegex(@"measured ([\d ]+)")]
    private static partial Regex Measured();
}
