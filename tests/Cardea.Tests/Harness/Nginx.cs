using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Cardea.Tests.Harness;

/// <summary>Debian's nginx in the foreground, with a whole configuration as an operator writes it, in a folder of its own.</summary>
public sealed class Nginx : IAsyncDisposable
{
    private const string Program = "/usr/sbin/nginx";

    private readonly TestFolder _folder;
    private readonly Process _process;

    private Nginx(TestFolder folder, Process process) => (_folder, _process) = (folder, process);

    /// <summary>Why it can't be started here; null when it can.</summary>
    public static string? WhyNot => File.Exists(Program) ? null : "nginx is absent: apt-get install nginx";

    /// <summary>What the configuration writes as /var/log/nginx/access.log.</summary>
    public string AccessLog => ReadShared("access.log");

    public string ErrorLog => ReadShared("error.log");

    /// <summary>A folder whose files the configuration may name; nginx's workers, which are somebody else, get through it.</summary>
    public static TestFolder NewFolder()
    {
        var folder = new TestFolder();
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }

        return folder;
    }

    /// <param name="folder">Of <see cref="NewFolder"/>; deleted at the end.</param>
    /// <param name="configuration">Paths of the system are replaced by some in the folder, and nothing else.</param>
    /// <param name="port">One that it listens on.</param>
    public static async Task<Nginx> StartAsync(TestFolder folder, string configuration, int port)
    {
        var file = folder.File("nginx.conf", configuration
            .Replace("/run/nginx.pid", folder.File("nginx.pid"), StringComparison.Ordinal)
            .Replace("/var/log/nginx/", folder.Path + "/", StringComparison.Ordinal)
            .Replace("http {", $"http {{\n{string.Concat(((string[])["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]).Select(one => $"    {one}_temp_path {folder.File(one)};\n"))}", StringComparison.Ordinal));
        var (code, said) = await RunAsync("-t", "-q", "-c", file, "-p", folder.Path);
        Assert.True(code == 0, $"nginx -t: {said}");
        var nginx = new Nginx(folder, Launch("-c", file, "-p", folder.Path, "-g", "daemon off;"));
        await Eventually.IsAsync(async () => await AnswersAsync(port) || (nginx._process.HasExited ? throw new InvalidOperationException($"nginx ended: {nginx.ErrorLog}") : false), "nginx listens");
        return nginx;
    }

    /// <summary>What it says to the configuration as it stands in the folder.</summary>
    public async Task<string> TestAsync() => (await RunAsync("-t", "-c", _folder.File("nginx.conf"), "-p", _folder.Path)).Said;

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            // By its own way: whoever kills the master leaves the workers.
            await RunAsync("-s", "stop", "-c", _folder.File("nginx.conf"), "-p", _folder.Path);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _folder.Dispose();
    }

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static async Task<(int Code, string Said)> RunAsync(params string[] args)
    {
        using var process = Launch(args);
        var said = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await said);
    }

    private static Process Launch(params string[] args) => Process.Start(new ProcessStartInfo(Program, args) { RedirectStandardError = true })!;

    private static async Task<bool> AnswersAsync(int port)
    {
        try
        {
            using var probe = new TcpClient();
            await probe.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private string ReadShared(string name)
    {
        using var reader = new StreamReader(new FileStream(_folder.File(name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }
}

/// <summary>A fact that needs nginx, PostgreSQL and an SMTP server; skipped with the reason where one of them is absent.</summary>
public sealed class NodesFactAttribute : FactAttribute
{
    public NodesFactAttribute() =>
        Skip = (Nginx.WhyNot ?? SmtpServer.WhyNot ?? (TestDatabase.PostgresServer is null ? "CARDEA_TEST_POSTGRES is not set: ./test.sh starts a PostgreSQL server and sets it" : null))!;
}
