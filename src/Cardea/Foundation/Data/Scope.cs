using System.Data.Common;
using Dapper;

namespace Cardea.Foundation.Data;

/// <summary>A connection, and the transaction that runs on it if there is one: what a store needs to read.</summary>
public class Scope(DbConnection connection, DbTransaction? transaction, Dialect dialect, CancellationToken cancellation)
{
    public Dialect Dialect { get; } = dialect;

    public async Task<List<T>> QueryAsync<T>(string sql, object? parameters = null) =>
        (await connection.QueryAsync<T>(Command(sql, parameters))).AsList();

    public Task<T?> FindAsync<T>(string sql, object? parameters = null) =>
        connection.QueryFirstOrDefaultAsync<T>(Command(sql, parameters));

    public Task<T> GetAsync<T>(string sql, object? parameters = null) =>
        connection.QuerySingleAsync<T>(Command(sql, parameters));

    /// <summary>A whole table, row by row: more than fits into memory.</summary>
    internal IAsyncEnumerable<object?[]> ReadRowsAsync(string table, IReadOnlyList<string> columns) => RowCopy.ReadAsync(connection, transaction, table, columns, cancellation);

    protected Task<long> WriteRowsAsync(string table, IReadOnlyList<string> columns, IEnumerable<object?[]> rows) =>
        RowCopy.WriteAsync(connection, transaction, table, columns, rows, cancellation);

    protected Task<int> RunAsync(string sql, object? parameters) => connection.ExecuteAsync(Command(sql, parameters));

    private CommandDefinition Command(string sql, object? parameters) =>
        new(sql, parameters, transaction, flags: CommandFlags.Buffered, cancellationToken: cancellation);
}
