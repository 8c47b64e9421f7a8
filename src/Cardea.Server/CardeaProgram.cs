using System.Net.Sockets;
using System.Security.Cryptography;
using Cardea.Features.Health;
using Cardea.Foundation.Data;
using Cardea.Foundation.Settings;
using Cardea.Server.Commands;

namespace Cardea.Server;

/// <summary>The executable. A command line or a setting that is wrong ends it with code 2, before anything is done; any other fault with 1.</summary>
public static class CardeaProgram
{
    private const int Failed = 1;
    private const int BadSettings = 2;

    public static Task<int> RunAsync(string[] args) => RunAsync(args, Console.In, Console.Out, Console.Error);

    public static async Task<int> RunAsync(string[] args, TextReader input, TextWriter output, TextWriter error)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        var command = Serve.Command;
        try
        {
            switch (args)
            {
                case ["--help" or "-h" or "help", ..]:
                    output.Write(CommandTable.Help);
                    return 0;
                case ["--version", ..]:
                    output.WriteLine($"cardea {HealthFeature.Version}");
                    return 0;
                case [var group, "--help" or "-h", ..] when CommandTable.GroupOf(group) is { Count: > 0 } commands:
                    output.Write(string.Join("\n", commands.Select(one => one.Help)));
                    return 0;
            }

            (command, var rest) = CommandTable.Find(args);
            var line = CommandLine.Parse(command, rest);
            if (line.AsksForHelp)
            {
                output.Write(command.Help);
                return 0;
            }

            await using var call = new CommandCall(command, line, input, output, error);
            return await command.RunAsync(call);
        }
        catch (UsageException fault)
        {
            await error.WriteLineAsync(fault.Message);
            return BadSettings;
        }
        catch (CommandFailure fault)
        {
            await error.WriteLineAsync(fault.Message);
            return Failed;
        }
        catch (SettingsException fault)
        {
            await error.WriteLineAsync(fault.Message);
            return BadSettings;
        }
        catch (DatabaseUnavailableException fault)
        {
            await error.WriteLineAsync(fault.Message);
            return Failed;
        }
        catch (Exception fault) when (Dialect.IsOutage(fault) || fault is System.Data.Common.DbException)
        {
            await error.WriteLineAsync($"The database can't be used: {fault.Message} Check Cardea:Database:Provider and Cardea:Database:ConnectionString.");
            return Failed;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync(fault.Message);
            return Failed;
        }
        catch (Exception fault) when (command == Serve.Command && fault is FormatException or InvalidOperationException or ArgumentException or CryptographicException or SocketException)
        {
            // What the framework says to settings of its own that it can't use. Where from is in the log.
            await error.WriteLineAsync($"The server can't start: {fault.Message} Check --urls, ASPNETCORE_URLS, Kestrel:Endpoints, Kestrel:Certificates and Logging.");
            return BadSettings;
        }
        catch (Exception fault) when (command != Serve.Command)
        {
            await error.WriteLineAsync($"cardea {command.Name} failed: {fault.Message} ({fault.GetType().Name})");
            return Failed;
        }
    }
}
