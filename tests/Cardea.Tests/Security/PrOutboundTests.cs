using System.Text.RegularExpressions;

namespace Cardea.Tests.Security;

public sealed class PrOutboundTests
{
    /// <summary>Whatever opens a connection by itself; the database drivers are the frameworks'.</summary>
    private const string Opens = @"\b(HttpClient|IHttpClientFactory|AddHttpClient|SocketsHttpHandler|HttpMessageInvoker|WebRequest|WebClient|TcpClient|UdpClient|ClientWebSocket|Ping|QuicConnection|SmtpClient)\b|\bDns\.|new Socket\(";

    /// <summary>The doctor asks the operator's own public URL, and only when it is called.</summary>
    [Fact]
    public void PR_02_Nothing_but_the_mail_submission_and_the_doctor_opens_a_connection()
    {
        var openers = SourceFiles.All().Where(file => File.ReadLines(file).Any(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && Regex.IsMatch(line, Opens))).Select(Path.GetFileName);
        Assert.Equal(["NetworkChecks.cs", "SmtpConnection.cs"], openers.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void PR_02_Telemetry_leaves_only_when_the_operator_names_where_to()
    {
        var exporting = SourceFiles.All().Where(file => File.ReadAllText(file).Contains("AddOtlpExporter", StringComparison.Ordinal)).ToList();
        var lines = File.ReadAllText(Assert.Single(exporting));
        // Each exporter stands in a method that is called only where an endpoint was asked for first.
        foreach (Match method in Regex.Matches(lines, @"private static void (\w+)\([^)]*\)\s*\{(?:[^}]*?)AddOtlpExporter"))
        {
            Assert.Matches($@"if \(Has\(""OTEL_EXPORTER_OTLP_ENDPOINT""\) \|\| Has\(""OTEL_EXPORTER_OTLP_\w+_ENDPOINT""\)\)\s*\{{\s*{method.Groups[1].Value}\(", lines);
            Assert.Equal(2, Regex.Count(lines, $@"\b{method.Groups[1].Value}\(")); // where it is and where it is called
        }

        Assert.Equal(Regex.Count(lines, "AddOtlpExporter"), Regex.Count(lines, @"private static void \w+\([^)]*\)\s*\{[^}]*?AddOtlpExporter"));
    }
}
