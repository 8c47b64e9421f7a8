using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cardea.Crypto.Secrets;
using Cardea.Features.Backups;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cardea.Tests.Features.Backups;

/// <summary>What an earlier version backed up, restored by this one.</summary>
public sealed class OlderBackupTests : IDisposable
{
    private static readonly (string, string) PublicUrl = ("PublicUrl", "http://localhost:8099");

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, OnSqlite(1L), OnSqlite(5L), OnPostgres(5L), OnSqlite(8L), OnPostgres(12L)]
    public async Task A_backup_of_an_older_schema_is_restored_and_brought_up_to_this_one(Engine engine, long version)
    {
        var (file, hasTotp) = (_folder.File("older.backup"), version >= 4);
        await using var empty = await TestDatabase.CreateAsync(engine);
        Actor alice;
        Authenticator? phone = null;
        await using (var app = await TestApp.StartAsync(engine, PublicUrl))
        {
            alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
            phone = hasTotp ? await Authenticator.SetUpAsync(app, alice) : null;
            (await app.CommandAsync("backup", file)).Worked();
            await app.StopAsync();
            File.Copy(Path.Combine(app.Database.Directory, "master.key"), Path.Combine(empty.Directory, "master.key"));
        }

        await MakeOlderAsync(engine, file, version, Path.Combine(empty.Directory, "master.key"));

        (await empty.CommandAsync("", "restore", file)).Worked();

        Assert.Equal(Migrator.Known().Select(migration => migration.Name), await empty.QueryAsync<string>("SELECT name FROM schema_migrations ORDER BY version"));
        await using var restored = await TestApp.StartAsync(engine, empty, null, PublicUrl);
        var there = restored.NewActor();
        (there.Email, there.AccessToken, there.RefreshToken) = (alice.Email, alice.AccessToken, alice.RefreshToken);
        (await there.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        (await there.TryRefreshAsync()).Expect(HttpStatusCode.OK);
        var first = await there.TrySignInAsync();
        if (hasTotp)
        {
            first.Expect(HttpStatusCode.Forbidden, "mfa_required");
            restored.Clock.Advance(TimeSpan.FromMinutes(1)); // past the code that set it up
            first = await there.TrySecondStepAsync(first, "totp", new Authenticator(restored, phone!.Secret).NextCode());
        }

        first.Expect(HttpStatusCode.OK);
        await restored.SealedAsync();
        (await empty.CommandAsync("", "audit", "verify")).Worked();
        Assert.Contains(alice.Email, (await empty.CommandAsync("", "user", "list", "--query", "alice")).Worked().Out, StringComparison.Ordinal); // the search was built
    }

    [Fact]
    public async Task An_older_backup_that_claims_more_than_its_schema_had_is_refused()
    {
        var file = _folder.File("older.backup");
        await using var empty = await TestDatabase.CreateAsync(Engine.Sqlite);
        await using (var app = await TestApp.StartAsync(Engine.Sqlite, PublicUrl))
        {
            await app.NewActor().SignUpAsync();
            (await app.CommandAsync("backup", file)).Worked();
            File.Copy(Path.Combine(app.Database.Directory, "master.key"), Path.Combine(empty.Directory, "master.key"));
        }

        await MakeOlderAsync(Engine.Sqlite, file, 1, Path.Combine(empty.Directory, "master.key"), keepColumns: true);
        var ended = await empty.CommandAsync("", "restore", file);
        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("has columns that its schema has not", ended.Error);
        Assert.Equal(0, await empty.ScalarAsync<long>("SELECT COUNT(*) FROM accounts"));
    }

    /// <summary>Leaves of a backup what there was at that schema, and seals it as the program of then would have.</summary>
    private async Task MakeOlderAsync(Engine engine, string file, long version, string keyFile, bool keepColumns = false)
    {
        var migrations = Migrator.Known().Where(migration => migration.Version <= version).ToList();
        ILookup<string, string> schema;
        await using (var bare = await TestDatabase.CreateAsync(engine))
        {
            await using var database = BareDatabase.On(bare);
            await new Migrator(database.Database, database.Clock, NullLogger<Migrator>.Instance).RunAsync(migration => migration.Version <= version, CancellationToken.None);
            schema = (await bare.QueryAsync<(string Table, string Column)>((engine is Engine.Postgres ? Dialect.Postgres : Dialect.Sqlite).Columns)).ToLookup(row => row.Table, row => row.Column);
        }

        using var archive = ZipFile.Open(file, ZipArchiveMode.Update);
        var manifest = JsonSerializer.Deserialize<BackupManifest>(Read(archive, BackupManifest.EntryName), CardeaJson.Writing)!;
        var tables = new List<BackupTable>();
        foreach (var table in manifest.Tables)
        {
            var text = Read(archive, table.EntryName);
            archive.GetEntry(table.EntryName)!.Delete();
            if (!schema.Contains(table.Name))
            {
                continue;
            }

            var kept = table.Columns.Select((name, at) => (name, at)).Where(column => keepColumns || schema[table.Name].Contains(column.name)).ToList();
            var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)).Select(row => new JsonArray([.. kept.Select(column => row![column.at]?.DeepClone())]).ToJsonString() + "\n");
            var bytes = Encoding.UTF8.GetBytes(string.Concat(lines));
            await using (var stream = archive.CreateEntry(table.EntryName).Open())
            {
                await stream.WriteAsync(bytes);
            }

            tables.Add(new(table.Name, [.. kept.Select(column => column.name)], table.Rows, Convert.ToHexStringLower(SHA256.HashData(bytes))));
        }

        Assert.True(MasterKey.TryParse((await File.ReadAllTextAsync(keyFile)).Trim(), out var key));
        manifest = new BackupSeal(key).Seal(manifest with { Tables = tables, Migrations = [.. migrations.Select(migration => new BackupMigration(migration.Name, migration.Checksum))] });
        archive.GetEntry(BackupManifest.EntryName)!.Delete();
        await using var sealedStream = archive.CreateEntry(BackupManifest.EntryName).Open();
        await JsonSerializer.SerializeAsync(sealedStream, manifest, CardeaJson.Writing);
    }

    private static string Read(ZipArchive archive, string name)
    {
        using var reader = new StreamReader(archive.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }
}
