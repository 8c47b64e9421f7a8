using System.Data.Common;
using Dapper;

namespace Cardea.Foundation.Data;

/// <summary>A connection, and the transaction that runs on it if there is one: what a store needs to read.</summary>
/// <param name="answered">Called each time the database has answered.</param>
/// <param name="patience">Seconds that a statement may take; null for what the connection says.</param>
public class Scope(DbConnection connection, DbTransaction? transaction, Dialect dialect, CancellationToken cancellation, Action? answered = null, int? patience = null)
{
    public Dialect Dialect { get; } = dialect;

    public async Task<List<T>> QueryAsync<T>(string sql, object? parameters = null) =>
        (await HearAsync(connection.QueryAsync<T>(Command(sql, parameters)))).AsList();

    public Task<T?> FindAsync<T>(string sql, object? parameters = null) =>
        HearAsync(connection.QueryFirstOrDefaultAsync<T>(Command(sql, parameters)));

    public Task<T> GetAsync<T>(string sql, object? parameters = null) =>
        HearAsync(connection.QuerySingleAsync<T>(Command(sql, parameters)));

    /// <summary>
    /// Asks for many keys at once, where <c>{list}</c> stands in the text. A name for each, since what one engine takes as a list the other takes as an
    /// array; and always as many names, so that it stays one statement to the engine.
    /// </summary>
    internal async Task<List<T>> QueryManyAsync<T>(string sql, IEnumerable<object> keys)
    {
        const int Names = 250;
        var found = new List<T>();
        foreach (var chunk in keys.Chunk(Names))
        {
            var text = sql.Replace("{list}", string.Join(", ", Enumerable.Range(0, Names).Select(at => $"@key{at}")), StringComparison.Ordinal);
            found.AddRange(await QueryAsync<T>(text, Enumerable.Range(0, Names).ToDictionary(at => $"key{at}", at => chunk[Math.Min(at, chunk.Length - 1)])));
        }

        return found;
    }

    /// <summary>Rows as they come: more than fit into memory. The connection can't be asked anything else meanwhile.</summary>
    internal IAsyncEnumerable<T> StreamAsync<T>(string sql) => connection.QueryUnbufferedAsync<T>(sql, transaction: transaction, commandTimeout: 600);

    /// <summary>A whole table, row by row: more than fits into memory.</summary>
    internal IAsyncEnumerable<object?[]> ReadRowsAsync(string table, IReadOnlyList<string> columns) => RowCopy.ReadAsync(connection, transaction, table, columns, cancellation);

    protected Task<long> WriteRowsAsync(string table, IReadOnlyList<string> columns, IEnumerable<object?[]> rows) =>
        HearAsync(RowCopy.WriteAsync(connection, transaction, table, columns, rows, cancellation));

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
        new(sql, parameters, transaction, patience, flags: CommandFlags.Buffered, cancellationToken: cancellation);
}
