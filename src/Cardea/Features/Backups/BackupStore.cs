using Cardea.Foundation.Data;

namespace Cardea.Features.Backups;

/// <summary>A table as it stands in the database.</summary>
public sealed record StoredTable(string Name, IReadOnlyList<string> Columns);

public sealed class BackupStore
{
    /// <summary>Our tables, what a table refers to before it. Tables that somebody else put there are none of ours.</summary>
    public async Task<List<StoredTable>> ListTablesAsync(Scope scope)
    {
        var order = Migrator.TablesInOrder();
        return [.. (await scope.QueryAsync<(string Table, string Column)>(scope.Dialect.Columns))
            .GroupBy(row => row.Table, row => row.Column)
            .Where(table => order.Contains(table.Key))
            .OrderBy(table => order.IndexOf(table.Key))
            .Select(table => new StoredTable(table.Key, [.. table]))];
    }

    public Task<List<BackupMigration>> ListMigrationsAsync(Scope scope) =>
        scope.QueryAsync<BackupMigration>("SELECT name AS Name, checksum AS Checksum FROM schema_migrations ORDER BY version");

    public IAsyncEnumerable<object?[]> ReadAsync(Scope scope, StoredTable table) => scope.ReadRowsAsync(table.Name, table.Columns);

    public Task<long> AddAsync(Transaction transaction, StoredTable table, IEnumerable<object?[]> rows) => transaction.AddRowsAsync(table.Name, table.Columns, rows);

    /// <summary>A server that has started once has made a key and an audit row.</summary>
    public async Task<bool> IsUnusedAsync(Scope scope) => await scope.GetAsync<long>(
        "SELECT (SELECT COUNT(*) FROM accounts) + (SELECT COUNT(*) FROM audit_events) + (SELECT COUNT(*) FROM signing_keys)") == 0;

    public Task ClearAsync(Transaction transaction, StoredTable table) => transaction.ExecuteAsync($"DELETE FROM {table.Name}");
}
