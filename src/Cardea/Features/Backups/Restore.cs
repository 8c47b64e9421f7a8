using System.IO.Compression;
using System.Text.Json;
using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Backups;

/// <param name="SetAside">Where the checkpoints of the audit log before are now; null when there were none.</param>
public sealed record Restored(BackupManifest Manifest, string? SetAside);

/// <summary>
/// Puts a backup into an empty database, on the engine that it came from or the other one: first into the schema that it was taken from, all or
/// nothing, and from there to this program's.
/// </summary>
public sealed class Restore(Database database, Migrator migrator, BackupStore store, BackupSeal seal, AuditLog audit, AuditCheckpointFile checkpoints, TimeProvider clock)
{
    /// <exception cref="InvalidDataException">The file is not a whole backup of this installation, or the database is not empty; nothing was changed.</exception>
    public async Task<Restored> ReadAsync(string path, ClientInfo client, Action<long>? progress, CancellationToken cancellation)
    {
        using var archive = Open(path);
        var manifest = ReadManifest(archive);
        await CheckSchemaAsync(manifest, cancellation);
        await migrator.RunAsync(migration => manifest.Migrations.Any(had => had.Name == migration.Name), cancellation);
        await database.WriteAsync(transaction => FillAsync(transaction, archive, manifest, progress), cancellation);
        await migrator.RunAsync(cancellation);
        await database.WriteAsync(transaction => audit.RecordAsync(transaction, BackupEvents.Restored, null, client, new { manifest.MadeAt }), cancellation);
        return new(manifest, checkpoints.SetAside(clock.GetUtcNow()));
    }

    private static ZipArchive Open(string path)
    {
        try
        {
            return ZipFile.OpenRead(path);
        }
        catch (InvalidDataException)
        {
            throw new InvalidDataException($"{path} is not a backup, or only a part of one.");
        }
    }

    private BackupManifest ReadManifest(ZipArchive archive)
    {
        BackupManifest? manifest;
        try
        {
            using var stream = archive.GetEntry(BackupManifest.EntryName)?.Open() ?? throw new InvalidDataException("The file is not a backup: it has no manifest.");
            manifest = JsonSerializer.Deserialize<BackupManifest>(stream, CardeaJson.Writing);
        }
        catch (JsonException)
        {
            throw new InvalidDataException("The backup's manifest can't be read.");
        }

        return manifest is not { Seal: not null, Tables: not null, Migrations: not null } ? throw new InvalidDataException("The backup's manifest can't be read.")
            : manifest.Format != BackupManifest.CurrentFormat ? throw new InvalidDataException($"The backup has format {manifest.Format}; this program reads {BackupManifest.CurrentFormat}.")
            : !seal.Holds(manifest) ? throw new InvalidDataException("The backup was made under another master key, or was changed since. Put the master key there that was in use when it was made.")
            : manifest;
    }

    private async Task CheckSchemaAsync(BackupManifest manifest, CancellationToken cancellation)
    {
        var known = Migrator.Known();
        if (manifest.Migrations.FirstOrDefault(had => !known.Exists(migration => migration.Name == had.Name && migration.Checksum == had.Checksum)) is { } foreign)
        {
            throw new InvalidDataException($"The backup has the schema of another program: this one does not know {foreign.Name}. Restore it with that version {manifest.Version} or a newer one.");
        }

        var schema = await migrator.StateAsync(cancellation);
        if (schema.Applied.Count > 0 && !await database.ReadAsync(store.IsUnusedAsync, cancellation))
        {
            throw new InvalidDataException("The database is not empty: a server has used it. A backup goes into an empty one only.");
        }

        if (schema.Applied.Except(manifest.Migrations.Select(had => had.Name)).FirstOrDefault() is { } newer)
        {
            throw new InvalidDataException($"The database has the tables of a newer schema ({newer}) than the backup. Take an empty one: the backup brings its tables along.");
        }
    }

    private async Task FillAsync(Transaction transaction, ZipArchive archive, BackupManifest manifest, Action<long>? progress)
    {
        var stored = await store.ListTablesAsync(transaction);
        if (!await store.IsUnusedAsync(transaction))
        {
            throw new InvalidDataException("The database is not empty any more.");
        }

        foreach (var table in Enumerable.Reverse(stored))
        {
            await store.ClearAsync(transaction, table); // what the migrations put there is in the backup as well, as it had become
        }

        var total = 0L;
        foreach (var table in stored.Where(table => manifest.Tables.Any(had => had.Name == table.Name)))
        {
            var had = manifest.Tables.Single(had => had.Name == table.Name);
            if (had.Columns.Except(table.Columns).Any())
            {
                throw new InvalidDataException($"The backup's table {had.Name} has columns that its schema has not.");
            }

            using var stream = archive.GetEntry(had.EntryName)?.Open() ?? throw new InvalidDataException($"The backup lacks the table {had.Name}.");
            using var rows = new BackupRows();
            var before = total;
            await store.AddAsync(transaction, table with { Columns = had.Columns }, rows.Read(stream, had.Columns.Count, progress is null ? null : count => progress(before + count)));
            if (rows.Count != had.Rows || rows.Sha256 != had.Sha256)
            {
                throw new InvalidDataException($"The backup's table {had.Name} is damaged.");
            }

            total += rows.Count;
        }
    }
}
