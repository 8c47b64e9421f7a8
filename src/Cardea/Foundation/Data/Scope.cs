using System.Data.Common;
using Dapper;

namespace Cardea.Foundation.Data;

/// <summary>A connection, and the transaction that runs on it if there is one: what a store needs to read.</summary>
/// <param name="answered">Called each time the database has answered.</param>
public class Scope(DbConnection connection, DbTransaction? transaction, Dialect dialect, CancellationToken cancellation, Action? answered = null)
{
    public Dialect Dialect { get; } = dialect;

    public async Task<List<T>> QueryAsync<T>(string sql, object? parameters = null) =>
        (await HearAsync(connection.QueryAsync<T>(Command(sql, parameters)))).AsList();

    public Task<T?> FindAsync<T>(string sql, object? parameters = null) =>
        HearAsync(connection.QueryFirstOrDefaultAsync<T>(Command(sql, parameters)));

    public Task<T> GetAsync<T>(string sql, object? parameters = null) =>
        HearAsync(connection.QuerySingleAsync<T>(Command(sql, parameters)));

    /// <summary>A whole table, row by row: more than fits into memory.</summary>
    internal IAsyncEnumerable<object?[]> ReadRowsAsync(string table, IReadOnlyList<string> columns) => RowCopy.ReadAsync(connection, transaction, table, columns, cancellation);

    protected Task<long> WriteRowsAsync(string table, IReadOnlyList<string> columns, IEnumerable<object?[]> rows) =>
        RowCopy.WriteAsync(connection, transaction, table, columns, rows, cancellation);

    protected Task<int> RunAsync(string sql, object? parameters) => HearAsync(connection.ExecuteAsync(Command(sql, parameters)));

    private Task<T> HearAsync<T>(Task<T> asked)
    {
        return answered is null ? asked : ThenAsync(asked, answered);

        static async Task<T> ThenAsync(Task<T> asked, Action answered)
        {
            var answer = await asked;
            answered();
            return answer;
        }
    }

    private CommandDefinition Command(string sql, object? parameters) =>
        new(sql, parameters, transaction, flags: CommandFlags.Buffered, cancellationToken: cancellation);
}
