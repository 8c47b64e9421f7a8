using System.IO.Compression;
using System.Text.Json;
using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Backups;

/// <summary>
/// Copies the whole database into a file, as it was at one moment, while the server goes on. The master key is not in it: the two together
/// open what is sealed, so they are kept apart.
/// </summary>
public sealed class Backup(Database database, BackupStore store, BackupSeal seal, AuditLog audit, TimeProvider clock)
{
    /// <exception cref="IOException">The file is there already, or can't be written.</exception>
    public async Task<BackupManifest> WriteAsync(string path, ClientInfo client, Action<long>? progress, CancellationToken cancellation)
    {
        if (File.Exists(path))
        {
            throw new IOException($"{path} is there already. A backup never replaces a file.");
        }

        var half = path + ".partial";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using var file = new FileStream(half, options);
        try
        {
            await database.WriteAsync(transaction => audit.RecordAsync(transaction, BackupEvents.Made, null, client), cancellation);
            var manifest = await database.ReadSnapshotAsync(scope => WriteAsync(file, scope, progress), cancellation);
            file.Flush(flushToDisk: true);
            await file.DisposeAsync();
            File.Move(half, path, overwrite: false);
            return manifest;
        }
        catch
        {
            await file.DisposeAsync();
            File.Delete(half);
            throw;
        }
    }

    private async Task<BackupManifest> WriteAsync(FileStream file, Scope scope, Action<long>? progress)
    {
        using var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true);
        var (tables, total) = (new List<BackupTable>(), 0L);
        foreach (var table in await store.ListTablesAsync(scope))
        {
            using var rows = new BackupRows();
            await using (var entry = await archive.CreateEntry(BackupTable.EntryNameOf(table.Name), CompressionLevel.Fastest).OpenAsync())
            {
                var before = total;
                await rows.WriteAsync(entry, store.ReadAsync(scope, table), progress is null ? null : count => progress(before + count));
            }

            total += rows.Count;
            tables.Add(new(table.Name, table.Columns, rows.Count, rows.Sha256));
        }

        var version = typeof(Backup).Assembly.GetName().Version?.ToString(3) ?? "0";
        var manifest = seal.Seal(new(BackupManifest.CurrentFormat, version, DateTimeOffset.FromUnixTimeMilliseconds(clock.Milliseconds()), await store.ListMigrationsAsync(scope), tables, ""));
        await using var last = await archive.CreateEntry(BackupManifest.EntryName).OpenAsync();
        await JsonSerializer.SerializeAsync(last, manifest, CardeaJson.Writing);
        return manifest;
    }
}
