using System.Diagnostics;
using Cardea.Crypto.Secrets;
using Cardea.Features.Audit;
using Cardea.Features.SigningKeys;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;

namespace Cardea.Server.Commands;

/// <summary>A command can't do what was asked; the sentence says why, and the exit code is 1.</summary>
internal sealed class CommandFailure(string message) : Exception(message)
{
    public static CommandFailure Of(Problem problem) => new(problem.Errors is { } errors
        ? string.Join(Environment.NewLine, errors.SelectMany(field => field.Value.Select(message => $"{field.Key}: {message}")))
        : problem.Detail);
}

/// <summary>One run of a command: what it was given, where it writes, and the product behind it, which does not listen.</summary>
internal sealed class CommandCall(Command command, CommandLine line, TextReader input, TextWriter output, TextWriter error) : IAsyncDisposable
{
    private WebApplication? _app;

    public IReadOnlyList<string> Words => line.Words;

    public string[] Configuration => line.Configuration;

    public TextReader In => input;

    public TextWriter Out => output;

    public TextWriter Error => error;

    /// <summary>Stands in audit rows for who did it.</summary>
    public ClientInfo Client => ClientInfo.Server(Actor);

    public string Actor => $"cardea {command.Name}";

    public bool Has(string option) => line.Options.ContainsKey(option);

    public string? Option(string option) => line.Options.GetValueOrDefault(option)?[^1];

    public IReadOnlyList<string> All(string option) => line.Options.GetValueOrDefault(option, []);

    /// <summary>The product as the settings make it. Nothing is opened yet.</summary>
    public IServiceProvider Services => (_app ??= Serve.Configure(Configuration, log: logging => logging.ClearProviders()).Build()).Services;

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>Opens the database for a command that works on it.</summary>
    /// <param name="mayMake">Whether one is made where there is none; otherwise that is a slip: another folder, another setting.</param>
    public async Task<Database> OpenAsync(bool mayMake = false)
    {
        var server = Get<ServerOptions>();
        if (!mayMake && server.Engine is Engine.Sqlite && SqliteDatabase.FileOf(server.ConnectionString) is var file && !File.Exists(file))
        {
            throw new CommandFailure($"There is no database at {Path.GetFullPath(file)}. Cardea:DataDirectory or Cardea:Database:ConnectionString says where it is.");
        }

        var migrator = Get<Migrator>();
        var schema = await migrator.StateAsync(CancellationToken.None);
        if (schema.Foreign.Count > 0 || schema.Changed.Count > 0 || (schema.Applied.Count == 0 && mayMake))
        {
            await migrator.RunAsync(CancellationToken.None); // makes it, or says what is wrong with it
        }
        else if (schema.Missing.Count > 0)
        {
            throw new CommandFailure(schema.Applied.Count == 0
                ? "The database is empty: `cardea serve` or `cardea migrate` makes the tables."
                : $"The database lacks {string.Join(", ", schema.Missing)}. `cardea migrate` brings it up to this program, after a backup.");
        }

        if (!DataDirectory.HasMasterKey(server) && schema.Applied.Count > 0 && await IsUsedAsync())
        {
            throw new CommandFailure($"There is no master key in {Path.GetFullPath(server.DataDirectory)}, but a database that was used with one. Put {DataDirectory.KeyFile} back, or set Cardea:MasterKey or Cardea:MasterKeyFile.");
        }

        return Get<Database>();
    }

    /// <summary>Makes the master key for a database whose tables have just been made: without it the next command could only guess that it was lost.</summary>
    /// <returns>Its file, or null when there was a key, or when one is gone that this database was used with.</returns>
    public async Task<string?> MakeKeyAsync()
    {
        var server = Get<ServerOptions>();
        if (DataDirectory.HasMasterKey(server) || await IsUsedAsync())
        {
            return null;
        }

        Get<MasterKey>();
        return Path.GetFullPath(Path.Combine(server.DataDirectory, DataDirectory.KeyFile));
    }

    /// <summary>Whether something in the database depends on a master key.</summary>
    private Task<bool> IsUsedAsync()
    {
        var (keys, audit) = (Get<SigningKeyStore>(), Get<AuditStore>());
        return Get<Database>().ReadAsync(async scope => (await keys.ListLiveAsync(scope, 0)).Count > 0 || await audit.FindNewestAtAsync(scope) is not null);
    }

    /// <summary>Tells on standard error how far long work has come; short work says nothing.</summary>
    public Action<long> Progress(string what)
    {
        var (begun, told) = (Stopwatch.GetTimestamp(), TimeSpan.FromSeconds(1));
        return count =>
        {
            if (Stopwatch.GetElapsedTime(begun) is var elapsed && elapsed > told)
            {
                told = elapsed + TimeSpan.FromSeconds(1);
                error.WriteLine($"{count} {what} …");
            }
        };
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }
}
