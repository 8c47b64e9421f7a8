using System.Security.Cryptography;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Cardea.Foundation.Data;

/// <summary>PostgreSQL: the engine for more than one node. Nodes share nothing but it, and hear of each other's changes by LISTEN.</summary>
public sealed partial class PostgresDatabase : Database
{
    private const string Channel = "cardea";
    private const int MigrationLock = 0x43415244; // "CARD"
    private const int MigrationPatience = 3600; // seconds: an index over millions of rows takes minutes
    private const int Tries = 4;

    /// <summary>Not true on a standby, nor where an administrator has the database or the role only read.</summary>
    private const string Writes = "NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'";

    private const int NoticesAtOnce = 10_000;
    private static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(2);

    /// <summary>All the waiting of a request, in silences.</summary>
    private const int LongestRequest = 5;

    /// <summary>What a cancelled statement may take to be given up: the library asks the server to stop it, over a line that may be dead.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromMilliseconds(400);

    private readonly NpgsqlDataSource _source;
    private readonly TimeSpan? _patience;
    private readonly ILogger _log;

    public PostgresDatabase(string connectionString, Invalidations invalidations, ILogger<PostgresDatabase> log)
        : base(Dialect.Postgres, invalidations)
    {
        var prepared = Prepare(connectionString);
        _source = NpgsqlDataSource.Create(prepared.ToString());
        KeepThreads(prepared.MaxPoolSize);
        _patience = PatienceOf(new(connectionString));
        _log = log;
    }

    /// <exception cref="ArgumentException">The text is not a connection string.</exception>
    internal static void Check(string connectionString) => _ = new NpgsqlConnectionStringBuilder(connectionString);

    public override Task<T> ReadAsync<T>(Func<Scope, Task<T>> work, CancellationToken cancellation = default) => InTimeAsync(
        async (answered, token) =>
        {
            await using var connection = await _source.OpenConnectionAsync(token);
            answered?.Invoke();
            return await work(new Scope(connection, null, Dialect, token, answered));
        },
        cancellation);

    public override async Task<T> ReadSnapshotAsync<T>(Func<Scope, Task<T>> work, CancellationToken cancellation = default)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellation);
        return await work(new Scope(connection, transaction, Dialect, cancellation));
    }

    public override Task<T> WriteAsync<T>(Func<Transaction, Task<T>> work, CancellationToken cancellation = default) =>
        InTimeAsync((answered, token) => WriteAsync(work, answered, token), cancellation);

    private async Task<T> WriteAsync<T>(Func<Transaction, Task<T>> work, Action? answered, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await WriteOnceAsync(work, answered, cancellation);
            }
            catch (PostgresException conflict) when (Dialect.IsConflict(conflict) && attempt < Tries)
            {
                // Jitter, so that the two that collided don't meet again.
                await Task.Delay(RandomNumberGenerator.GetInt32(1, 20 * attempt), cancellation);
            }
        }
    }

    public override async Task PingAsync(CancellationToken cancellation)
    {
        if (!await ReadAsync(scope => scope.GetAsync<bool>($"SELECT {Writes} AND COUNT(*) >= 0 FROM schema_migrations"), cancellation))
        {
            throw new DatabaseUnavailableException("The database takes no writes.");
        }
    }

    internal override Task<List<string>> ExamineAsync(CancellationToken cancellation) => ReadAsync<List<string>>(
        async scope =>
        {
            var broken = await scope.QueryAsync<string>("SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND NOT i.indisvalid");
            var encoding = await scope.GetAsync<string>("SHOW server_encoding");
            var writes = await scope.GetAsync<bool>($"SELECT {Writes}");
            return [
                .. broken.Select(index => $"The index {index} is not valid."),
                .. encoding == "UTF8" ? (string[])[] : [$"The encoding is {encoding}; needed is UTF8."],
                .. writes ? (string[])[] : ["The server takes no writes: it is a standby, or the database or the role is set to read only."],
            ];
        },
        cancellation);

    internal override Task<long?> NowAsync(CancellationToken cancellation) =>
        ReadAsync(scope => scope.GetAsync<long?>("SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint"), cancellation);

    internal override async Task MigrateAsync(Func<Transaction, Task> work, CancellationToken cancellation)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await connection.ExecuteAsync("SELECT pg_advisory_xact_lock(@MigrationLock)", new { MigrationLock }, transaction, MigrationPatience);
        await work(new Transaction(connection, transaction, Dialect, cancellation, patience: MigrationPatience));
        await transaction.CommitAsync(cancellation);
    }

    internal override async Task WatchAsync(CancellationToken stopping)
    {
        Invalidations.Heard(Invalidations.Now);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                LogDeaf(fault);
                await Task.Delay(Heartbeat, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>
    /// Runs it, and leaves it to itself when somebody waits and the database is silent for too long. Then nobody knows whether it has
    /// happened, as with every answer that is lost on its way.
    /// </summary>
    private async Task<T> InTimeAsync<T>(Func<Action?, CancellationToken, Task<T>> act, CancellationToken cancellation)
    {
        if (Haste.Waited is not { } waited || _patience is not { } patience)
        {
            return await act(null, cancellation);
        }

        // Where all is slow and nothing dead, or many wait for one row, a request is given up in the end as well.
        if ((patience * LongestRequest) - waited is not { Ticks: > 0 } altogether)
        {
            throw new DatabaseUnavailableException("The database did not answer in time.");
        }

        var silence = new Silence(patience, altogether, cancellation);
        var acting = act(silence.Break, silence.Token);
        _ = acting.ContinueWith(
            (done, _) =>
            {
                silence.Dispose();
                _ = done.Exception; // whoever still waits hears of it, and nobody else has to
            },
            null, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        while (silence.Left + Farewell is { Ticks: > 0 } left)
        {
            try
            {
                return await acting.WaitAsync(left, CancellationToken.None);
            }
            catch (TimeoutException) when (!acting.IsCompleted)
            {
                // It may have been heard of meanwhile.
            }
            catch (OperationCanceledException fault) when (!cancellation.IsCancellationRequested)
            {
                throw new DatabaseUnavailableException("The database did not answer in time.", fault);
            }
        }

        throw new DatabaseUnavailableException("The database did not answer in time.");
    }

    private async Task<T> WriteOnceAsync<T>(Func<Transaction, Task<T>> work, Action? answered, CancellationToken cancellation)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellation);
        answered?.Invoke();
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        var scope = new Transaction(connection, transaction, Dialect, cancellation, answered);
        var result = await work(scope);
        // Inside the transaction: delivered by the commit, or never. Many at once, since an account may have more sessions than there is time for round trips.
        foreach (var payloads in scope.Invalidations.Select(one => $"{one.Topic}:{one.Key}").Chunk(NoticesAtOnce))
        {
            await scope.ExecuteAsync("SELECT count(pg_notify(@Channel, payload)) FROM unnest(@payloads) AS payload", new { Channel, payloads });
        }

        // From here on a client that goes away must not decide whether the commit happened.
        await transaction.CommitAsync(CancellationToken.None);
        scope.Committed(Invalidations);
        return result;
    }

    private async Task ListenAsync(CancellationToken stopping)
    {
        await using var connection = await _source.OpenConnectionAsync(stopping);
        connection.Notification += (_, notification) => Hear(notification.Payload);
        var begun = Invalidations.Now;
        await connection.ExecuteAsync($"LISTEN {Channel}");
        // What was said while nobody listened is lost, so nothing that was known before counts.
        Invalidations.DropAll();
        Invalidations.Heard(begun);
        while (true)
        {
            await connection.WaitAsync(Heartbeat, stopping);
            // What was committed before the question has been heard when the answer is there; what came while it was on its way perhaps not.
            var asked = Invalidations.Now;
            await connection.ExecuteAsync("SELECT 1", commandTimeout: 1);
            Invalidations.Heard(asked);
        }
    }

    private void Hear(string payload)
    {
        if (payload.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
        {
            Invalidations.Publish(new(payload[..colon], payload[(colon + 1)..]));
        }
    }

    /// <summary>Who gives a time-out for commands means it for requests as well; 0 is without end.</summary>
    private static TimeSpan? PatienceOf(NpgsqlConnectionStringBuilder given) => !given.ShouldSerialize("Command Timeout") ? LongestSilence
        : given.CommandTimeout == 0 ? null
        : TimeSpan.FromSeconds(given.CommandTimeout);

    /// <summary>
    /// To give a statement up, the library asks the server over a new connection and holds a thread meanwhile, for as long as it may wait for a connection.
    /// On a dead line all that were under way do so at once, and before they are through so do those that came after them. The pool of threads, which
    /// grows by one or two a second, would have none left to tell anybody.
    /// </summary>
    private static void KeepThreads(int connections)
    {
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, (2 * connections) + (2 * Environment.ProcessorCount)), ports);
    }

    private static NpgsqlConnectionStringBuilder Prepare(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "cardea" };
        void Default(string key, object value)
        {
            if (!builder.ShouldSerialize(key))
            {
                builder[key] = value;
            }
        }

        Default("Timeout", 3); // seconds to wait for a connection: a sign-in that can't be answered should say so soon
        Default("Command Timeout", 5);
        Default("Maximum Pool Size", 50); // two nodes fit into what a PostgreSQL server takes by default
        Default("Max Auto Prepare", 100);
        Default("Auto Prepare Min Usages", 2);
        return builder;
    }

    [LoggerMessage(1, LogLevel.Warning, "The listener for changes of other nodes lost its connection; sessions are read from the database until it is back")]
    private partial void LogDeaf(Exception fault);
}
