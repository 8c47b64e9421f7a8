using Cardea.Foundation.Data;
using Cardea.Server;

namespace Cardea.Tests.Harness;

/// <summary>A command of the executable, beside whatever runs on the same database.</summary>
public static class Cli
{
    public static Task<Ended> CommandAsync(this TestApp app, params string[] args) => app.Database.CommandAsync("", args);

    public static Task<Ended> CommandWithInputAsync(this TestApp app, string input, params string[] args) => app.Database.CommandAsync(input, args);

    /// <param name="database">Where the settings point.</param>
    /// <param name="input">Its standard input.</param>
    /// <param name="args">The command line; its switches go before these.</param>
    public static Task<Ended> CommandAsync(this TestDatabase database, string input, params string[] args)
    {
        string[] name = [.. args.TakeWhile(arg => !arg.StartsWith('-'))];
        return RunAsync(
            input,
            [
                .. name, "--environment", "Development", $"--Cardea:DataDirectory={database.Directory}", $"--Cardea:Database:Provider={(database.Engine is Engine.Sqlite ? "sqlite" : "postgres")}",
                $"--Cardea:Database:ConnectionString={database.ConnectionString}", "--Cardea:Passwords:MemoryKiB=1024", "--Cardea:Passwords:Iterations=1", .. args[name.Length..],
            ]);
    }

    public static async Task<Ended> RunAsync(string input, params string[] args)
    {
        using var reader = new StringReader(input);
        await using StringWriter output = new(), error = new();
        var code = await CardeaProgram.RunAsync(args, reader, output, error);
        return new(code, output.ToString(), error.ToString());
    }

    /// <summary>Fails with what the command said when it did not work.</summary>
    public static Ended Worked(this Ended ended)
    {
        Assert.True(ended is { ExitCode: 0, Error: "" }, $"Exit code {ended.ExitCode}: {ended.Error}{ended.Out}");
        return ended;
    }
}
