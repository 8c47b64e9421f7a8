using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Cardea.Benchmarks.Http;

/// <summary>A server process under measurement.</summary>
internal sealed class Contestant : IDisposable
{
    private readonly Process _process;

    private Contestant(Process process, Uri address, TimeSpan start) => (_process, Address, Start) = (process, address, start);

    public Uri Address { get; }

    /// <summary>From the start of the process to the first 200.</summary>
    public TimeSpan Start { get; }

    public double CpuSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    public static async Task<Contestant> StartAsync(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string firstPath)
    {
        var port = FreePort();
        var start = new ProcessStartInfo(file, [.. arguments, "--urls", $"http://127.0.0.1:{port}"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        start.Environment["Cardea__PublicUrl"] = $"http://127.0.0.1:{port}";
        var watch = Stopwatch.StartNew();
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => Console.Error.WriteLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var client = new HttpClient();
        var address = new Uri($"http://127.0.0.1:{port}");
        while (!await ListensAsync(port) || !await AnswersAsync(client, new Uri(address, firstPath)))
        {
            if (process.HasExited || watch.Elapsed > TimeSpan.FromSeconds(30))
            {
                throw new InvalidOperationException($"{file} did not start.");
            }

            await Task.Delay(1);
        }

        return new(process, address, watch.Elapsed);
    }

    /// <summary>Kilobytes that the system reports: VmRSS now, VmHWM at most.</summary>
    public long Memory(string field) => long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith(field, StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>Asked first, and without an exception for each time: on two cores they would take their part of the start that is measured.</summary>
    private static async Task<bool> ListensAsync(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using var connect = new SocketAsyncEventArgs { RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, port) };
        var done = new TaskCompletionSource();
        connect.Completed += (_, _) => done.SetResult();
        if (socket.ConnectAsync(connect))
        {
            await done.Task;
        }

        return connect.SocketError is SocketError.Success;
    }

    private static async Task<bool> AnswersAsync(HttpClient client, Uri url)
    {
        try
        {
            using var answer = await client.GetAsync(url);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
