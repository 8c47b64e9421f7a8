using System.Net.Sockets;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Requests that two programs in a row might read as different requests, byte for byte on a socket.</summary>
public sealed class InWireTests
{
    private const string Smuggled = "GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n";

    public static TheoryData<string, string> Ambiguous => new()
    {
        { "a bare LF ends a chunk extension", "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2;a\nxx\r\n{}\r\n0\r\n\r\n" + Smuggled },
        { "a bare LF ends a chunk size", "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n" + Smuggled },
        { "a bare CR in a chunk extension", "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2;\rxx\r\n{}\r\n0\r\n\r\n" + Smuggled },
        { "a chunk size that is no number", "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n" + Smuggled },
        { "a chunk size that overflows", "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n" + Smuggled },
        { "two Hosts", "GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n" + Smuggled },
        { "no Host", "GET /health HTTP/1.1\r\n\r\n" + Smuggled },
        { "an absolute target with another Host", "GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\n\r\n" + Smuggled },
        { "two different lengths", "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 60\r\n\r\n{}" + Smuggled },
        { "a list of lengths", "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2, 2\r\n\r\n{}" + Smuggled },
        { "a negative length", "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: -2\r\n\r\n{}" + Smuggled },
        { "an unknown transfer coding", "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + Smuggled },
        { "chunked is not the last coding", "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + Smuggled },
        { "a space before the colon", "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding : chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + Smuggled },
        { "a folded header", "GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: 1\r\n b\r\n\r\n" + Smuggled },
        { "a NUL in a header", "GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n" + Smuggled },
        { "a bare CR in a header", "GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: a\rb\r\n\r\n" + Smuggled },
    };

    [Theory, MemberData(nameof(Ambiguous))]
    public async Task IN_10_An_ambiguous_request_is_refused_and_the_connection_closed(string what, string bytes)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var answer = await SendAsync(app, bytes);
        Assert.True(answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal), $"{what}: {answer}");
        Assert.DoesNotContain("\"keys\"", answer, StringComparison.Ordinal); // what came after it was not read as a request
    }

    [Fact]
    public async Task IN_10_Where_a_length_and_chunks_disagree_the_chunks_count_and_the_connection_closes()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        // RFC 9112 section 6.3: Transfer-Encoding overrides, and the connection must be closed after the answer or the request refused.
        var answer = await SendAsync(app, "POST /auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + Smuggled);
        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("\"keys\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task IN_10_The_same_socket_serves_two_honest_requests()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var answer = await SendAsync(app, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" + Smuggled.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal));
        Assert.Contains("\"keys\"", answer, StringComparison.Ordinal);
    }

    /// <summary>Sends it all and reads until the server closes; a server that keeps the connection fails the test.</summary>
    private static async Task<string> SendAsync(TestApp app, string bytes)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(app.Address.Host, app.Address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var answer = new MemoryStream();
        try
        {
            await stream.CopyToAsync(answer, patience.Token);
        }
        catch (IOException)
        {
            // Closed with what we sent unread: a reset, after the answer.
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }
}
