using Cardea.Features.Backups;
using Cardea.Foundation.Settings;

namespace Cardea.Server.Commands;

/// <summary><c>cardea backup</c> and <c>cardea restore</c></summary>
internal static class BackupCommands
{
    public static IReadOnlyList<Command> All { get; } =
    [
        new("backup", "FILE", "Copies the database into a file while the server runs.", BackupAsync)
        {
            More = """
                The file has everything but the master key, which must be kept elsewhere: neither is of use without the other. A file that is there already is
                not replaced.
                """,
        },
        new("restore", "FILE", "Puts a backup into an empty database.", RestoreAsync)
        {
            More = """
                The database may be SQLite or PostgreSQL, whichever the backup came from. The master key that was in use when it was made must be in place. All of it
                is restored or nothing. It is the past: sessions that have ended since are alive again.
                """,
        },
    ];

    private static async Task<int> BackupAsync(CommandCall call)
    {
        await call.OpenAsync();
        var manifest = await call.Get<Backup>().WriteAsync(call.Words[0], call.Client, call.Progress("rows"), CancellationToken.None);
        call.Out.WriteLine($"{call.Words[0]} has {manifest.Tables.Sum(table => table.Rows)} rows of {manifest.Tables.Count} tables. The master key is not in it: keep that elsewhere.");
        return 0;
    }

    private static async Task<int> RestoreAsync(CommandCall call)
    {
        var server = call.Get<ServerOptions>();
        if (!File.Exists(call.Words[0]))
        {
            throw new CommandFailure($"There is no file {call.Words[0]}.");
        }

        if (!DataDirectory.HasMasterKey(server))
        {
            throw new CommandFailure(
                $"A backup has no master key, and there is none here. Put {DataDirectory.KeyFile} of the server that it was made on into {Path.GetFullPath(server.DataDirectory)} (mode 0600), or set Cardea:MasterKey or Cardea:MasterKeyFile.");
        }

        try
        {
            var restored = await call.Get<Restore>().ReadAsync(call.Words[0], call.Client, call.Progress("rows"), CancellationToken.None);
            call.Out.WriteLine($"Restored {restored.Manifest.Tables.Sum(table => table.Rows)} rows of {restored.Manifest.Tables.Count} tables, as they were at {restored.Manifest.MadeAt:yyyy-MM-dd'T'HH:mm:ss'Z'}.");
            if (restored.SetAside is { } aside)
            {
                call.Out.WriteLine($"The checkpoints of the audit log that was here before are in {aside}.");
            }

            return 0;
        }
        catch (InvalidDataException fault)
        {
            throw new CommandFailure(fault.Message);
        }
    }
}
