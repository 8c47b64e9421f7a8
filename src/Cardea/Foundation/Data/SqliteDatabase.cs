using System.Collections.Concurrent;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Cardea.Foundation.Data;

/// <summary>SQLite in write-ahead mode: any number of readers beside the one <see cref="SqliteWriter"/>.</summary>
public sealed class SqliteDatabase : Database
{
    private const int IdleReaders = 16;

    private readonly string _connectionString;
    private readonly ConcurrentBag<SqliteConnection> _readers = [];
    private readonly SqliteWriter _writer;

    public SqliteDatabase(string connectionString, Invalidations invalidations, ILogger<SqliteDatabase> log)
        : base(Dialect.Sqlite, invalidations)
    {
        SqliteLibrary.Load();
        _connectionString = new SqliteConnectionStringBuilder(connectionString) { ForeignKeys = true, Pooling = false, DefaultTimeout = 5 }.ToString();
        MakePrivate(new SqliteConnectionStringBuilder(connectionString).DataSource);
        _writer = new SqliteWriter(Open, invalidations, log);
    }

    /// <exception cref="ArgumentException">The text is not a connection string.</exception>
    internal static void Check(string connectionString) => _ = new SqliteConnectionStringBuilder(connectionString);

    /// <summary>The file that a connection string names.</summary>
    internal static string FileOf(string connectionString) => new SqliteConnectionStringBuilder(connectionString).DataSource;

    public override async Task<T> ReadAsync<T>(Func<Scope, Task<T>> work, CancellationToken cancellation = default)
    {
        if (!_readers.TryTake(out var connection))
        {
            connection = Open();
        }

        // A connection whose work failed is not trusted again.
        try
        {
            var result = await work(new Scope(connection, null, Dialect, cancellation));
            if (_readers.Count < IdleReaders)
            {
                _readers.Add(connection);
                connection = null;
            }

            return result;
        }
        finally
        {
            connection?.Dispose();
        }
    }

    /// <summary>A read transaction keeps its view of the write-ahead log for as long as it lasts.</summary>
    public override async Task<T> ReadSnapshotAsync<T>(Func<Scope, Task<T>> work, CancellationToken cancellation = default)
    {
        await using var connection = Open();
        await using var transaction = connection.BeginTransaction(deferred: true);
        return await work(new Scope(connection, transaction, Dialect, cancellation));
    }

    public override Task<T> WriteAsync<T>(Func<Transaction, Task<T>> work, CancellationToken cancellation = default) =>
        _writer.WriteAsync(work, cancellation);

    /// <summary>Whether the file can be written shows when it is written: a disk that is made to read only says nothing before.</summary>
    public override Task PingAsync(CancellationToken cancellation) => ReadAsync(scope => scope.GetAsync<long>("SELECT COUNT(*) FROM schema_migrations"), cancellation);

    internal override Task<List<string>> ExamineAsync(CancellationToken cancellation) => ReadAsync<List<string>>(
        async scope =>
        {
            var found = await scope.QueryAsync<string>("PRAGMA integrity_check(5)");
            found.Remove("ok");
            var orphans = await scope.QueryAsync<string>("SELECT DISTINCT \"table\" FROM pragma_foreign_key_check LIMIT 5");
            return [.. found.Select(line => $"integrity_check says: {line}"), .. orphans.Select(table => $"The table {table} has rows that belong to nobody.")];
        },
        cancellation);

    internal override Task<long?> NowAsync(CancellationToken cancellation) => Task.FromResult<long?>(null);

    internal override Task MigrateAsync(Func<Transaction, Task> work, CancellationToken cancellation) =>
        WriteAsync(work, cancellation); // BEGIN IMMEDIATE is the lock: a second process waits for it, and then finds nothing to do

    internal override Task WatchAsync(CancellationToken stopping) => Task.CompletedTask; // the writer does it

    public override ValueTask DisposeAsync()
    {
        _writer.Dispose();
        foreach (var reader in _readers)
        {
            reader.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>For its owner's eyes alone, whatever the umask. SQLite gives the files beside it the same mode.</summary>
    private static void MakePrivate(string path)
    {
        if (path.Length > 0 && path != ":memory:" && !OperatingSystem.IsWindows() && !File.Exists(path))
        {
            using var made = new FileStream(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        }
    }

    private PreparingConnection Open()
    {
        var connection = new PreparingConnection(_connectionString);
        connection.Open();
        // FULL: an acknowledged commit survives a power cut, not only the end of the process.
        connection.Execute("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;");
        return connection;
    }
}
