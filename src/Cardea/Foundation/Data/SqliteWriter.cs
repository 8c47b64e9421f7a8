using System.Collections.Concurrent;
using System.Diagnostics;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace Cardea.Foundation.Data;

/// <summary>
/// The one thread that writes to SQLite. It takes whatever is waiting into one transaction, a savepoint each, and commits once:
/// one flush of the disk serves up to <see cref="BatchSize"/> requests, and nothing ever answers "database is locked", because
/// SQLite's own way of waiting for a lock lets a loser sleep for seconds.
/// </summary>
internal sealed partial class SqliteWriter : IDisposable
{
    private const int BatchSize = 64;
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(250);

    private readonly BlockingCollection<Work> _queue = [];
    private readonly Func<SqliteConnection> _open;
    private readonly Invalidations _invalidations;
    private readonly ILogger _log;
    private readonly Thread _thread;
    private SqliteConnection? _connection;
    private long _dataVersion = -1;
    private long _watchedAt;

    public SqliteWriter(Func<SqliteConnection> open, Invalidations invalidations, ILogger log)
    {
        (_open, _invalidations, _log) = (open, invalidations, log);
        _thread = new Thread(Run) { IsBackground = true, Name = "SQLite writer" };
        _thread.Start();
    }

    public Task<T> WriteAsync<T>(Func<Transaction, Task<T>> body, CancellationToken cancellation)
    {
        var work = new Work<T>(body, cancellation);
        try
        {
            _queue.Add(work, cancellation);
        }
        catch (InvalidOperationException)
        {
            throw new DatabaseUnavailableException("The server is stopping.");
        }

        return work.Task;
    }

    public void Dispose()
    {
        _queue.CompleteAdding();
        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }

        _connection?.Dispose();
        _queue.Dispose();
    }

    private void Run()
    {
        while (!_queue.IsCompleted)
        {
            var batch = new List<Work>();
            try
            {
                if (_queue.TryTake(out var first, WatchInterval))
                {
                    batch.Add(first);
                    RunBatch(batch);
                }

                WatchOthers();
            }
            catch (Exception fault)
            {
                batch.ForEach(work => work.Fail(fault));
                Forget();
                LogFailed(fault);
            }
        }
    }

    private void RunBatch(List<Work> batch)
    {
        var connection = _connection ??= _open();
        Execute(connection, "BEGIN IMMEDIATE");
        for (var next = 0; next < batch.Count; next++)
        {
            RunOne(connection, batch[next]);
            if (batch.Count < BatchSize && _queue.TryTake(out var more))
            {
                batch.Add(more);
            }
        }

        Execute(connection, "COMMIT");
        batch.ForEach(work => work.Complete(_invalidations));
    }

    private static void RunOne(SqliteConnection connection, Work work)
    {
        Execute(connection, "SAVEPOINT work");
        if (work.TryRun(connection))
        {
            Execute(connection, "RELEASE work");
            return;
        }

        // A full disk or an I/O error ends the whole transaction, whatever the savepoint: then none of the batch has happened.
        if (raw.sqlite3_get_autocommit(connection.Handle) != 0)
        {
            throw new DatabaseUnavailableException("The transaction was ended by the database.", work.Fault);
        }

        Execute(connection, "ROLLBACK TO work");
        Execute(connection, "RELEASE work");
    }

    /// <summary>Straight to the library: these run several times for each write, and making a command for each costs more than they do.</summary>
    private static void Execute(SqliteConnection connection, string sql)
    {
        var code = raw.sqlite3_exec(connection.Handle, sql);
        if (code != raw.SQLITE_OK)
        {
            throw new SqliteException($"{sql}: {raw.sqlite3_errmsg(connection.Handle).utf8_to_string()}", code & 0xff, code);
        }
    }

    /// <summary>This connection's data_version moves only when another process has committed.</summary>
    private void WatchOthers()
    {
        if (Stopwatch.GetElapsedTime(_watchedAt) < WatchInterval)
        {
            return;
        }

        _watchedAt = Stopwatch.GetTimestamp();
        var version = (_connection ??= _open()).ExecuteScalar<long>("PRAGMA data_version");
        if (version != _dataVersion) // a new connection too: what was committed before it first looked would otherwise never be noticed
        {
            _invalidations.DropAll();
        }

        _dataVersion = version;
    }

    private void Forget()
    {
        _connection?.Dispose();
        (_connection, _dataVersion) = (null, -1);
        _invalidations.DropAll();
    }

    [LoggerMessage(1, LogLevel.Error, "SQLite could not commit")]
    private partial void LogFailed(Exception fault);

    private abstract class Work
    {
        public Exception? Fault { get; protected set; }

        public abstract bool TryRun(SqliteConnection connection);

        public abstract void Complete(Invalidations invalidations);

        public abstract void Fail(Exception fault);
    }

    private sealed class Work<T>(Func<Transaction, Task<T>> body, CancellationToken cancellation) : Work
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Transaction? _transaction;
        private T _result = default!;

        public Task<T> Task => _done.Task;

        public override bool TryRun(SqliteConnection connection)
        {
            try
            {
                cancellation.ThrowIfCancellationRequested();
                _transaction = new Transaction(connection, null, Dialect.Sqlite, default);
                _result = body(_transaction).GetAwaiter().GetResult();
                return true;
            }
            catch (Exception fault)
            {
                Fault = fault;
                return false;
            }
        }

        public override void Complete(Invalidations invalidations)
        {
            if (Fault is not null)
            {
                _done.TrySetException(Fault);
                return;
            }

            try
            {
                _transaction!.Committed(invalidations);
                _done.TrySetResult(_result);
            }
            catch (Exception fault)
            {
                _done.TrySetException(fault);
            }
        }

        public override void Fail(Exception fault) => _done.TrySetException(Fault ?? fault);
    }
}
