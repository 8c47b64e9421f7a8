using Cardea.Features.Roles;
using Cardea.Foundation.Data;

namespace Cardea.Features.Accounts;

/// <summary>Accounts by id, from memory while nothing about them has changed.</summary>
public sealed class AccountDirectory
{
    public const string Topic = "account";
    private const int Capacity = 50_000;

    private readonly Database _database;
    private readonly AccountStore _store;
    private readonly RoleStore _roles;
    private readonly SnapshotCache<AccountSnapshot> _cache;
    private readonly Func<string, Task<AccountSnapshot?>> _read;

    public AccountDirectory(Database database, AccountStore store, RoleStore roles, Invalidations invalidations)
    {
        (_database, _store, _roles) = (database, store, roles);
        _cache = new(Topic, invalidations, Capacity);
        _read = ReadAsync;
    }

    public ValueTask<AccountSnapshot?> FindAsync(string id) => _cache.GetAsync(id, _read);

    /// <summary>As the transaction sees it, which the cache can't know yet.</summary>
    public async Task<AccountSnapshot?> FindForUpdateAsync(Transaction transaction, string id) =>
        await _store.FindForUpdateAsync(transaction, id) is { } account ? new(account, await _roles.ListOfAccountAsync(transaction, id)) : null;

    private Task<AccountSnapshot?> ReadAsync(string id) => _database.ReadAsync(async scope =>
        await _store.FindAsync(scope, id) is { } account ? new AccountSnapshot(account, await _roles.ListOfAccountAsync(scope, id)) : null);
}
