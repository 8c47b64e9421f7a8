using System.Collections.Concurrent;
using System.Diagnostics;

namespace Cardea.Tests.Harness;

/// <summary>The program as a process of its own, in a folder of its own: for what only a process has, such as a <c>.env</c> beside it.</summary>
public sealed class ProgramInFolder : IAsyncDisposable
{
    private const string Listening = "Cardea is listening on ";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly DirectoryInfo _folder;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ProgramInFolder(Process process, DirectoryInfo folder)
    {
        (_process, _folder) = (process, folder);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Exited += (_, _) =>
        {
            process.WaitForExit(); // until its last line is read
            _listening.TrySetException(new InvalidOperationException($"The program ended with code {process.ExitCode}: {Output}"));
        };
    }

    /// <summary>What it wrote, on both streams.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>A client that stands for any user; set once it listens.</summary>
    public HttpClient Http { get; private set; } = null!;

    /// <param name="dotEnv">The text of <c>.env</c>.</param>
    /// <param name="environment">Further environment variables of the process.</param>
    public static Task<ProgramInFolder> StartAsync(string dotEnv, params (string Name, string Value)[] environment) => StartAsync(dotEnv, [], environment, []);

    /// <param name="dotEnv">The text of <c>.env</c>.</param>
    /// <param name="files">What else lies in the folder.</param>
    /// <param name="environment">Further environment variables of the process.</param>
    /// <param name="args">Its command line.</param>
    public static async Task<ProgramInFolder> StartAsync(string dotEnv, (string Name, string Text)[] files, (string Name, string Value)[] environment, string[] args)
    {
        var folder = Directory.CreateTempSubdirectory("cardea-program-");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, ".env"), dotEnv);
        foreach (var (name, text) in files)
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, name), text);
        }

        var start = new ProcessStartInfo("dotnet", [typeof(Server.CardeaProgram).Assembly.Location, .. args])
        {
            WorkingDirectory = folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("Cardea__", StringComparison.OrdinalIgnoreCase) || name.StartsWith("ASPNETCORE_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var program = new ProgramInFolder(new Process { StartInfo = start, EnableRaisingEvents = true }, folder);
        program._process.Start();
        program._process.BeginOutputReadLine();
        program._process.BeginErrorReadLine();
        try
        {
            program.Http = new HttpClient { BaseAddress = await program._listening.Task.WaitAsync(Patience), Timeout = Patience };
        }
        catch
        {
            await program.DisposeAsync();
            throw;
        }

        return program;
    }

    public async Task<Answer> PostAsync(string path, object body)
    {
        using var response = await Http.PostAsync(new Uri(path, UriKind.Relative), System.Net.Http.Json.JsonContent.Create(body));
        return await Answer.OfAsync(response);
    }

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        _output.Enqueue(line);
        if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
        {
            var url = line[(at + Listening.Length)..];
            _listening.TrySetResult(new Uri(url[..(url.IndexOfAny(['"', ' ']) is >= 0 and var end ? end : url.Length)]));
        }
    }
}
