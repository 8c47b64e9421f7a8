using Cardea.Features.Accounts;
using Cardea.Foundation.Data;
using Microsoft.Extensions.Logging.Abstractions;

namespace Cardea.Tests.Harness;

/// <summary>A migrated database without a server around it: what a store's own tests need.</summary>
public sealed class BareDatabase : IAsyncDisposable
{
    private readonly TestDatabase _files;
    private readonly bool _ownsFiles;

    private BareDatabase(TestDatabase files, bool ownsFiles)
    {
        (_files, _ownsFiles) = (files, ownsFiles);
        Invalidations = new Invalidations(Clock);
        Database = files.Engine is Engine.Sqlite
            ? new SqliteDatabase(files.ConnectionString, Invalidations, NullLogger<SqliteDatabase>.Instance)
            : new PostgresDatabase(files.ConnectionString, Invalidations, NullLogger<PostgresDatabase>.Instance);
    }

    public ManualClock Clock { get; } = new();

    public Database Database { get; }

    public TestDatabase Files => _files;

    public Invalidations Invalidations { get; }

    public static async Task<BareDatabase> CreateAsync(Engine engine) => new(await TestDatabase.WithSchemaAsync(engine), ownsFiles: true);

    /// <summary>A further process's view of a database that somebody else removes; not migrated.</summary>
    public static BareDatabase On(TestDatabase files) => new(files, ownsFiles: false);

    public Task<IReadOnlyList<string>> MigrateAsync() => new Migrator(Database, Clock, NullLogger<Migrator>.Instance).RunAsync(default);

    public Task<T> ReadAsync<T>(Func<Scope, Task<T>> work) => Database.ReadAsync(work);

    public Task<T> WriteAsync<T>(Func<Transaction, Task<T>> work) => Database.WriteAsync(work);

    public Task WriteAsync(Func<Transaction, Task> work) => Database.WriteAsync(work);

    /// <summary>An account for rows that need one.</summary>
    public async Task<Account> NewAccountAsync(string name, string? username = null)
    {
        var account = new Account { Id = Id.New(Clock), Email = name + "@example.org", Username = username, PasswordHash = "$hash", CreatedAt = 1000 };
        Assert.Equal(AddedAccount.Added, await WriteAsync(transaction => new AccountStore().AddAsync(transaction, account)));
        return account;
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        if (_ownsFiles)
        {
            await _files.DisposeAsync();
        }
    }
}
