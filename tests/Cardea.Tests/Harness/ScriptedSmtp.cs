using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Cardea.Tests.Harness;

/// <summary>
/// A listener that says exactly what it is told, for replies that no honest server gives: first the greeting, then one answer
/// for each line it hears.
/// </summary>
public sealed class ScriptedSmtp : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public ScriptedSmtp(params string[] answers)
    {
        _listener.Start();
        _ = ServeAsync(answers);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public ConcurrentQueue<string> Heard { get; } = new();

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync(string[] answers)
    {
        try
        {
            using var client = await _listener.AcceptTcpClientAsync();
            await using var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.Latin1);
            foreach (var answer in answers)
            {
                await stream.WriteAsync(Encoding.Latin1.GetBytes(answer));
                if (await reader.ReadLineAsync() is not { } line)
                {
                    return;
                }

                Heard.Enqueue(line);
            }
        }
        catch (Exception fault) when (fault is IOException or SocketException or ObjectDisposedException)
        {
            // The client hung up, which is what most of these tests wait for.
        }
    }
}
