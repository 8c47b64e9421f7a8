using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Foundation.Data;

public sealed class MigratorTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task Five_that_start_at_once_migrate_once(Engine engine)
    {
        await using var files = await TestDatabase.CreateAsync(engine);
        var nodes = Enumerable.Range(0, 5).Select(_ => BareDatabase.On(files)).ToList();

        var ran = await Race.RunAsync(5, number => nodes[number].MigrateAsync());

        var known = Migrator.Known().Select(migration => migration.Name).ToList();
        Assert.Equal(known, ran.Single(names => names.Count > 0));
        Assert.Equal(known, await files.QueryAsync<string>("SELECT name FROM schema_migrations ORDER BY version"));
        await using var alone = await BareDatabase.CreateAsync(engine);
        Assert.Equal(await ColumnsAsync(alone.Files), await ColumnsAsync(files));
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_second_start_runs_nothing_and_keeps_what_is_there(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await bare.NewAccountAsync("alice");

        Assert.Empty(await bare.MigrateAsync());

        Assert.Equal(1, await bare.Files.ScalarAsync<long>("SELECT COUNT(*) FROM accounts"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_database_of_a_newer_program_is_refused_and_both_versions_are_named(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await bare.Files.ExecuteAsync("INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (9001, '9001_of_the_future', 'x', 0)");

        var fault = await Assert.ThrowsAsync<DatabaseUnavailableException>(bare.MigrateAsync);

        Assert.Contains("9001", fault.Message, StringComparison.Ordinal);
        Assert.Contains(Migrator.Known()[^1].Version.ToString(System.Globalization.CultureInfo.InvariantCulture), fault.Message.Replace("9001", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_migration_that_was_another_text_is_refused_by_name(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await bare.Files.ExecuteAsync("UPDATE schema_migrations SET checksum = 'another' WHERE version = 1");

        var fault = await Assert.ThrowsAsync<DatabaseUnavailableException>(bare.MigrateAsync);

        Assert.Contains(Migrator.Known()[0].Name, fault.Message, StringComparison.Ordinal);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_migration_that_fails_leaves_nothing_half_done(Engine engine)
    {
        await using var files = await TestDatabase.CreateAsync(engine);
        await files.ExecuteAsync("CREATE TABLE sessions (id TEXT)"); // in the way of the first migration, after others of its tables
        await using var bare = BareDatabase.On(files);

        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(bare.MigrateAsync);
        Assert.Equal([("sessions", "id")], await ColumnsAsync(files));

        await files.ExecuteAsync("DROP TABLE sessions");
        Assert.NotEmpty(await bare.MigrateAsync());
    }

    private static Task<List<(string Table, string Column)>> ColumnsAsync(TestDatabase files) =>
        files.QueryAsync<(string Table, string Column)>((files.Engine is Engine.Postgres ? Dialect.Postgres : Dialect.Sqlite).Columns);
}
