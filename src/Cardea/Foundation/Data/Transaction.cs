using System.Data.Common;

namespace Cardea.Foundation.Data;

/// <summary>
/// A scope that may write. What must happen only if the writes last (a cache entry dropped, a job woken) is said here and
/// done after the commit, before the caller goes on.
/// </summary>
public sealed class Transaction(DbConnection connection, DbTransaction? transaction, Dialect dialect, CancellationToken cancellation, Action? answered = null, int? patience = null)
    : Scope(connection, transaction, dialect, cancellation, answered, patience)
{
    private List<Action>? _afterCommit;
    private HashSet<Invalidation>? _invalidations;

    public Task<int> ExecuteAsync(string sql, object? parameters = null) => RunAsync(sql, parameters);

    /// <summary>Adds rows as <see cref="Scope.ReadRowsAsync"/> gave them.</summary>
    internal Task<long> AddRowsAsync(string table, IReadOnlyList<string> columns, IEnumerable<object?[]> rows) => WriteRowsAsync(table, columns, rows);

    /// <summary>Holds a name until the transaction ends: whoever else wants it waits. SQLite has one writer, so there it is held anyway.</summary>
    public Task LockAsync(string name) => Dialect.Engine is Engine.Postgres
        ? QueryAsync<string>("SELECT pg_advisory_xact_lock(hashtext(@name))::text", new { name = "cardea:" + name })
        : Task.CompletedTask;

    public void AfterCommit(Action action) => (_afterCommit ??= []).Add(action);

    /// <summary>Tells every node's caches that what they know under this key is no longer so.</summary>
    public void Invalidate(string topic, string key) => (_invalidations ??= []).Add(new(topic, key));

    internal IReadOnlyCollection<Invalidation> Invalidations => _invalidations ?? (IReadOnlyCollection<Invalidation>)[];

    internal void Committed(Invalidations bus)
    {
        foreach (var invalidation in Invalidations)
        {
            bus.Publish(invalidation);
        }

        _afterCommit?.ForEach(action => action());
    }
}
