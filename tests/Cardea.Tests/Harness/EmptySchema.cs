using System.Security.Cryptography;
using System.Text;
using Cardea.Foundation.Data;
using Dapper;
using Npgsql;

namespace Cardea.Tests.Harness;

/// <summary>
/// The migrated schema without a row, made once and copied for each test that has no say in how it comes about. What migrates is under test in
/// MigratorTests, and wherever the program runs as a process of its own.
/// </summary>
internal static class EmptySchema
{
    private static readonly Lazy<Task<string>> SqliteFile = new(MakeSqliteAsync);
    private static readonly Lazy<Task<string>> PostgresTemplate = new(MakePostgresAsync);

    /// <summary>Puts it where there is no database yet.</summary>
    internal static async Task CopyToAsync(string file) => File.Copy(await SqliteFile.Value, file);

    /// <summary>A database of the tests' PostgreSQL server that others are made of, and nobody uses.</summary>
    internal static Task<string> TemplateAsync() => PostgresTemplate.Value;

    private static async Task<string> MakeSqliteAsync()
    {
        var folder = Directory.CreateTempSubdirectory("cardea-test-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var database = TestDatabase.OnDisk(folder);
        await MigrateAsync(database);
        Assert.False(File.Exists(Path.Combine(folder, "cardea.db-wal")), "A part of the schema is not in the file that is copied.");
        return Path.Combine(folder, "cardea.db");
    }

    /// <summary>Named after the migrations, so that it outlives a run and serves the next one; under another name until it is whole.</summary>
    private static async Task<string> MakePostgresAsync()
    {
        var checksums = string.Concat(Migrator.Known().Select(migration => migration.Checksum));
        var name = "cardea_schema_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(checksums)))[..32];
        await using var server = new NpgsqlConnection(TestDatabase.PostgresServer);
        if (await server.ExecuteScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = @name)", new { name }))
        {
            return name;
        }

        await using var made = await TestDatabase.CreateAsync(Engine.Postgres);
        await MigrateAsync(made);
        await using (var pooled = new NpgsqlConnection(made.ConnectionString))
        {
            NpgsqlConnection.ClearPool(pooled);
        }

        try
        {
            await server.ExecuteAsync($"ALTER DATABASE {new NpgsqlConnectionStringBuilder(made.ConnectionString).Database} RENAME TO {name}");
        }
        catch (PostgresException fault) when (fault.SqlState == PostgresErrorCodes.DuplicateDatabase)
        {
            // Another run was faster; the same migrations made it.
        }

        return name;
    }

    private static async Task MigrateAsync(TestDatabase database)
    {
        await using var bare = BareDatabase.On(database);
        await bare.MigrateAsync();
    }
}
