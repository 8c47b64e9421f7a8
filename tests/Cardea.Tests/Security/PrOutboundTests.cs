using System.Text.RegularExpressions;

namespace Cardea.Tests.Security;

public sealed class PrOutboundTests
{
    /// <summary>Whatever opens a connection by itself; the database drivers are the frameworks'.</summary>
    private const string Opens = @"\b(HttpClient|IHttpClientFactory|AddHttpClient|SocketsHttpHandler|HttpMessageInvoker|WebRequest|WebClient|TcpClient|UdpClient|ClientWebSocket|Ping|QuicConnection|SmtpClient)\b|\bDns\.|new Socket\(";

    [Fact]
    public void PR_02_Nothing_but_the_mail_submission_opens_a_connection()
    {
        var openers = SourceFiles.All().Where(file => File.ReadLines(file).Any(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && Regex.IsMatch(line, Opens))).Select(Path.GetFileName);
        Assert.Equal(["SmtpConnection.cs"], openers);
    }

    [Fact]
    public void PR_02_Telemetry_leaves_only_when_the_operator_names_where_to()
    {
        var exporting = SourceFiles.All().Where(file => File.ReadAllText(file).Contains("AddOtlpExporter", StringComparison.Ordinal)).ToList();
        var lines = File.ReadAllText(Assert.Single(exporting));
        // Each exporter stands in a block that asks for an endpoint first.
        Assert.Equal(Regex.Count(lines, "AddOtlpExporter"), Regex.Count(lines, @"if \(all \|\| Has\(""OTEL_EXPORTER_OTLP_\w+_ENDPOINT""\)\)\s*\{[^}]*?AddOtlpExporter"));
    }
}
