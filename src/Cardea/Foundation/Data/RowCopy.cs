using System.Data.Common;
using System.Runtime.CompilerServices;
using Npgsql;

namespace Cardea.Foundation.Data;

/// <summary>Whole tables, out and in: rows as values of the three types that there are (integer, text, bytes), in the order of the columns.</summary>
internal static class RowCopy
{
    private const int PatienceInSeconds = 600;

    public static async IAsyncEnumerable<object?[]> ReadAsync(
        DbConnection connection, DbTransaction? transaction, string table, IReadOnlyList<string> columns, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandTimeout = PatienceInSeconds;
        command.CommandText = $"SELECT {string.Join(", ", columns)} FROM {table}";
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            var row = new object?[columns.Count];
            for (var at = 0; at < row.Length; at++)
            {
                row[at] = await reader.IsDBNullAsync(at, cancellation) ? null : reader.GetValue(at);
            }

            yield return row;
        }
    }

    public static Task<long> WriteAsync(
        DbConnection connection, DbTransaction? transaction, string table, IReadOnlyList<string> columns, IEnumerable<object?[]> rows, CancellationToken cancellation) =>
        connection is NpgsqlConnection postgres
            ? CopyAsync(postgres, table, columns, rows, cancellation)
            : InsertAsync(connection, transaction, table, columns, rows, cancellation);

    /// <summary>One statement, compiled once: SQLite has no round trip to save.</summary>
    private static async Task<long> InsertAsync(
        DbConnection connection, DbTransaction? transaction, string table, IReadOnlyList<string> columns, IEnumerable<object?[]> rows, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"INSERT INTO {table} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select((_, at) => $"@p{at}"))})";
        for (var at = 0; at < columns.Count; at++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = $"@p{at}";
            command.Parameters.Add(parameter);
        }

        var count = 0L;
        foreach (var row in rows)
        {
            for (var at = 0; at < row.Length; at++)
            {
                command.Parameters[at].Value = row[at] ?? DBNull.Value;
            }

            await command.ExecuteNonQueryAsync(cancellation);
            count++;
        }

        return count;
    }

    private static async Task<long> CopyAsync(NpgsqlConnection connection, string table, IReadOnlyList<string> columns, IEnumerable<object?[]> rows, CancellationToken cancellation)
    {
        await using var import = await connection.BeginBinaryImportAsync($"COPY {table} ({string.Join(", ", columns)}) FROM STDIN (FORMAT BINARY)", cancellation);
        import.Timeout = TimeSpan.FromSeconds(PatienceInSeconds);
        var count = 0L;
        foreach (var row in rows)
        {
            await import.StartRowAsync(cancellation);
            foreach (var value in row)
            {
                await (value is null ? import.WriteNullAsync(cancellation) : import.WriteAsync(value, cancellation));
            }

            count++;
        }

        await import.CompleteAsync(cancellation);
        return count;
    }
}
