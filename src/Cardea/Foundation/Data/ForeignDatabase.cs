using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Cardea.Foundation.Data;

/// <summary>Somebody else's database, as it is at one moment. It is read and never written.</summary>
public sealed class ForeignDatabase : IAsyncDisposable
{
    private readonly DbConnection _connection;
    private readonly DbTransaction _transaction;

    private ForeignDatabase(DbConnection connection, DbTransaction transaction, Dialect dialect, CancellationToken cancellation)
    {
        (_connection, _transaction) = (connection, transaction);
        Scope = new Scope(connection, transaction, dialect, cancellation);
    }

    public Scope Scope { get; }

    /// <exception cref="InvalidDataException">It can't be opened; the message says why.</exception>
    public static async Task<ForeignDatabase> OpenAsync(Engine engine, string fileOrConnectionString, CancellationToken cancellation)
    {
        DbConnection? connection = null;
        try
        {
            if (engine is Engine.Sqlite)
            {
                SqliteLibrary.Load();
                connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = fileOrConnectionString, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
            }
            else
            {
                connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(fileOrConnectionString) { Pooling = false, ApplicationName = "cardea import" }.ToString());
            }

            await connection.OpenAsync(cancellation);
            var transaction = connection is SqliteConnection sqlite
                ? sqlite.BeginTransaction(deferred: true)
                : await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);
            var opened = new ForeignDatabase(connection, transaction, engine is Engine.Sqlite ? Dialect.Sqlite : Dialect.Postgres, cancellation);
            connection = null;
            return opened;
        }
        catch (Exception fault) when (fault is DbException or ArgumentException or System.Net.Sockets.SocketException)
        {
            throw new InvalidDataException($"The database to import from can't be opened: {fault.Message}", fault);
        }
        finally
        {
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
