using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Cardea.Tests.Harness;

/// <summary>A PostgreSQL server of a test's own, for what must not happen to one that others use: it is stopped, filled up, started again.</summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    private static readonly string? Programs = Directory.Exists("/usr/lib/postgresql")
        ? Directory.EnumerateFiles("/usr/lib/postgresql", "initdb", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Path.GetDirectoryName).LastOrDefault()
        : null;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cardea-pg-");
    private readonly string _options;

    private PostgresCluster(int maxConnections)
    {
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        _options = $"-p {Port} -k {_directory.FullName} -h 127.0.0.1 -c max_connections={maxConnections}";
    }

    /// <summary>Why none can be made here; null when one can.</summary>
    public static string? WhyNot => Programs is null ? "PostgreSQL's server programs are not installed" : null;

    public int Port { get; }

    public static async Task<PostgresCluster> StartAsync(int maxConnections = 200)
    {
        var cluster = new PostgresCluster(maxConnections);
        if (Environment.UserName == "root")
        {
            await RunAsync("/bin/chown", "postgres:", cluster._directory.FullName); // PostgreSQL refuses to run as root
        }

        await cluster.ProgramAsync("initdb", "-D", cluster.Data, "-U", "cardea_test", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync");
        await cluster.StartServerAsync();
        return cluster;
    }

    public string ConnectionString(string database, string more = "") => $"Host=127.0.0.1;Port={Port};Username=cardea_test;Database={database};{more}";

    public Task StartServerAsync() => ProgramAsync("pg_ctl", "-D", Data, "-l", Path.Combine(_directory.FullName, "log"), "-w", "-o", _options, "start");

    /// <param name="mode"><c>fast</c> ends every session, <c>immediate</c> is a crash.</param>
    public Task StopServerAsync(string mode) => ProgramAsync("pg_ctl", "-D", Data, "-m", mode, "-w", "stop");

    /// <summary>Ends every connection but the one that says so, as an administrator would.</summary>
    public async Task<long> KillBackendsAsync()
    {
        await using var connection = new NpgsqlConnection(ConnectionString("postgres", "Pooling=false"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()", connection);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            await StopServerAsync("immediate");
        }

        _directory.Delete(recursive: true);
    }

    private string Data => Path.Combine(_directory.FullName, "data");

    private Task ProgramAsync(string name, params string[] args) => Environment.UserName == "root"
        ? RunAsync("/sbin/runuser", ["-u", "postgres", "--", Path.Combine(Programs!, name), .. args])
        : RunAsync(Path.Combine(Programs!, name), args);

    private static async Task RunAsync(string program, params string[] args)
    {
        // Its output goes nowhere: a server that it leaves running would hold a pipe open for ever.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1 </dev/null", "sh", program, .. args]) { WorkingDirectory = "/" };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', args)} ended with {process.ExitCode}.");
    }
}

/// <summary>A fact that makes a PostgreSQL server of its own; skipped with the reason where that can't be done.</summary>
public sealed class ClusterFactAttribute : FactAttribute
{
    public ClusterFactAttribute() => Skip = PostgresCluster.WhyNot!;
}
