using System.Security.Cryptography;
using Cardea.Features.Health;
using Cardea.Foundation.Data;
using Cardea.Foundation.Settings;
using Cardea.Server.Commands;

namespace Cardea.Server;

/// <summary>The commands of the executable. A setting that is wrong ends it with code 2 before it listens, any other fault of ours with 1.</summary>
public static class CardeaProgram
{
    private const int Failed = 1;
    private const int BadSettings = 2;

    public static async Task<int> RunAsync(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        try
        {
            switch (args.FirstOrDefault())
            {
                case "--help" or "-h" or "help":
                    Console.Out.Write(Help.Text);
                    return 0;
                case "--version":
                    Console.Out.WriteLine($"cardea {HealthFeature.Version}");
                    return 0;
                case "migrate":
                    return await Migrate.RunAsync(args[1..]);
                case "serve":
                    return await Serve.RunAsync(args[1..]);
                case null:
                case { } first when first.StartsWith('-'):
                    return await Serve.RunAsync(args);
                case { } unknown:
                    await Console.Error.WriteLineAsync($"There is no command \"{unknown}\". `cardea --help` lists the commands.");
                    return BadSettings;
            }
        }
        catch (SettingsException fault)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return BadSettings;
        }
        catch (DatabaseUnavailableException fault)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return Failed;
        }
        catch (Exception fault) when (Dialect.IsOutage(fault) || fault is System.Data.Common.DbException)
        {
            await Console.Error.WriteLineAsync($"The database can't be used: {fault.Message} Check Cardea:Database:Provider and Cardea:Database:ConnectionString.");
            return Failed;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return Failed;
        }
        catch (Exception fault) when (fault is FormatException or InvalidOperationException or ArgumentException or CryptographicException)
        {
            // What the framework says to settings of its own that it can't use. Where from is in the log.
            await Console.Error.WriteLineAsync($"The server can't start: {fault.Message} Check --urls, ASPNETCORE_URLS, Kestrel:Endpoints, Kestrel:Certificates and Logging.");
            return BadSettings;
        }
    }
}
