using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Cardea.Tests.Harness;

/// <summary>What a finished process left behind.</summary>
public sealed record Ended(int ExitCode, string Out, string Error);

/// <summary>The program as an operator starts it: a process of its own, in a folder of its own, without the settings of who runs the tests.</summary>
public sealed partial class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _out = new();
    private readonly StringBuilder _error = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(_out, line.Data);
        process.ErrorDataReceived += (_, line) => Keep(_error, line.Data);
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string Out
    {
        get
        {
            lock (_out)
            {
                return _out.ToString();
            }
        }
    }

    /// <summary>Runs it to its end. A program that does not end by itself is killed, and that is a failure.</summary>
    public static async Task<Ended> RunAsync(string folder, string[] args, IReadOnlyDictionary<string, string>? environment = null, string? program = null)
    {
        await using var server = Start(folder, args, environment, program);
        return await server.EndAsync();
    }

    public static ServerProcess Start(string folder, string[] args, IReadOnlyDictionary<string, string>? environment = null, string? program = null)
    {
        // With an open umask, so that a file's mode is what the program gave it and not what the shell left of it.
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var arg in (string[])["-c", "umask 000; exec \"$@\"", "sh", "dotnet", program ?? Path.Combine(AppContext.BaseDirectory, "Cardea.Server.dll"), .. args])
        {
            start.ArgumentList.Add(arg);
        }

        foreach (var key in start.Environment.Keys.Where(key => NotOurs().IsMatch(key)).ToList())
        {
            start.Environment.Remove(key);
        }

        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[key] = value;
        }

        var server = new ServerProcess(Process.Start(start)!);
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    /// <summary>Waits for the line that says where it listens.</summary>
    public async Task<Uri> ListeningAsync()
    {
        var ended = _process.WaitForExitAsync();
        if (await Task.WhenAny(_listening.Task, ended, Task.Delay(LongestWait)) != _listening.Task)
        {
            throw new InvalidOperationException($"It does not listen.\n{Out}\n{_error}");
        }

        return await _listening.Task;
    }

    public async Task<Ended> EndAsync()
    {
        using var patience = new CancellationTokenSource(LongestWait);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new InvalidOperationException($"It did not end by itself.\n{Out}\n{_error}");
        }

        _process.WaitForExit(); // also until both streams have been read to their end
        return new(_process.ExitCode, Out, _error.ToString());
    }

    /// <summary>Asks it to end, as systemd or Docker would.</summary>
    public Task TerminateAsync() => SignalAsync("TERM");

    /// <param name="signal">Without SIG, such as STOP and CONT, between which it stands still.</param>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("/bin/kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    public async Task<Ended> StopAsync()
    {
        await TerminateAsync();
        return await EndAsync();
    }

    /// <summary>Ends it as a crash or the kernel would, with SIGKILL: nothing of it runs any more when this returns.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private void Keep(StringBuilder text, string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (text)
        {
            text.Append(line).Append('\n');
        }

        if (ListeningLine().Match(line) is { Success: true } match)
        {
            _listening.TrySetResult(new Uri(match.Groups[1].Value));
        }
    }

    [GeneratedRegex("^(Cardea__|ASPNETCORE_|DOTNET_ENVIRONMENT|OTEL_|URLS$|COVERLET|CORECLR_)", RegexOptions.IgnoreCase)]
    private static partial Regex NotOurs();

    [GeneratedRegex(@"Cardea is listening on (https?://[^\s""]+)")]
    private static partial Regex ListeningLine();
}

/// <summary>A folder of a test's own, gone afterwards.</summary>
public sealed class TestFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("cardea-test-").FullName;

    public string File(string name, string? text = null)
    {
        var path = System.IO.Path.Combine(Path, name);
        if (text is not null)
        {
            System.IO.File.WriteAllText(path, text);
        }

        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
