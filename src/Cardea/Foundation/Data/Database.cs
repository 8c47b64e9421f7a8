namespace Cardea.Foundation.Data;

/// <summary>
/// The database as the rooms see it: read in a <see cref="Scope"/>, write in a <see cref="Transaction"/>. What a write returns is
/// committed, a refusal included; only an exception rolls back.
/// </summary>
public abstract class Database(Dialect dialect, Invalidations invalidations) : IAsyncDisposable
{
    public Dialect Dialect { get; } = dialect;

    protected Invalidations Invalidations { get; } = invalidations;

    public abstract Task<T> ReadAsync<T>(Func<Scope, Task<T>> work, CancellationToken cancellation = default);

    /// <summary>Reads everything as it was at one moment, while others go on writing.</summary>
    public abstract Task<T> ReadSnapshotAsync<T>(Func<Scope, Task<T>> work, CancellationToken cancellation = default);

    /// <summary>
    /// Runs the work in one transaction. Inside it nothing may be awaited but the database: no hash, no mail, no other
    /// transaction. It may run again from its start after a conflict, so it must not keep anything outside itself.
    /// </summary>
    public abstract Task<T> WriteAsync<T>(Func<Transaction, Task<T>> work, CancellationToken cancellation = default);

    public Task WriteAsync(Func<Transaction, Task> work, CancellationToken cancellation = default) => WriteAsync<int>(
        async transaction =>
        {
            await work(transaction);
            return 0;
        },
        cancellation);

    /// <summary>Reads a row, so that a database which answers but holds nothing of ours is no good one; nor is one that says it takes no writes.</summary>
    /// <exception cref="DatabaseUnavailableException">It can be read only.</exception>
    public abstract Task PingAsync(CancellationToken cancellation);

    /// <summary>Looks for damage, a sentence each; changes nothing.</summary>
    internal abstract Task<List<string>> ExamineAsync(CancellationToken cancellation);

    /// <summary>The database's own clock in milliseconds; null where it is this process's.</summary>
    internal abstract Task<long?> NowAsync(CancellationToken cancellation);

    /// <summary>Runs the migrations' text under a lock that only one process holds.</summary>
    internal abstract Task MigrateAsync(Func<Transaction, Task> work, CancellationToken cancellation);

    /// <summary>Keeps the caches of this process true while others write to the same database; ends with the process.</summary>
    internal abstract Task WatchAsync(CancellationToken stopping);

    public abstract ValueTask DisposeAsync();
}
