using Cardea.Features.Accounts;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stores;

public sealed class AccountStoreContract
{
    private readonly AccountStore _store = new();

    [Theory, OnSqlite, OnPostgres]
    public async Task What_is_added_is_found_by_each_of_its_names(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var account = new Account
        {
            Id = "a1",
            Email = "alice@example.org",
            Username = "Alice.Of-Example",
            GivenName = "Älice",
            FamilyName = "O'Example; --",
            PasswordHash = "$argon2id$x",
            PasswordChangedAt = 11,
            EmailVerifiedAt = 12,
            CreatedAt = 10,
        };

        Assert.Equal(AddedAccount.Added, await bare.WriteAsync(transaction => _store.AddAsync(transaction, account)));

        Assert.Equal(account, await bare.ReadAsync(scope => _store.FindAsync(scope, "a1")));
        Assert.Equal(account, await bare.ReadAsync(scope => _store.FindByEmailAsync(scope, "alice@example.org")));
        Assert.Equal(account, await bare.ReadAsync(scope => _store.FindByUsernameAsync(scope, "alice.of-example")));
        Assert.Equal(account, await bare.WriteAsync(transaction => _store.FindForUpdateAsync(transaction, "a1")));
        Assert.Null(await bare.ReadAsync(scope => _store.FindAsync(scope, "A1")));
        Assert.Null(await bare.ReadAsync(scope => _store.FindByEmailAsync(scope, "alice@example.or_")));
        Assert.Null(await bare.ReadAsync(scope => _store.FindByUsernameAsync(scope, "Alice.Of-Example")));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_taken_name_adds_nothing_and_says_which_one_it_was(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await bare.NewAccountAsync("alice", "alice");

        Assert.Equal(AddedAccount.EmailTaken, await TryAddAsync(bare, "alice@example.org", "other"));
        Assert.Equal(AddedAccount.EmailTaken, await TryAddAsync(bare, "alice@example.org", null));
        Assert.Equal(AddedAccount.UsernameTaken, await TryAddAsync(bare, "bob@example.org", "ALICE"));
        Assert.Equal(AddedAccount.EmailTaken, await TryAddAsync(bare, "alice@example.org", "alice"));

        Assert.Equal(1, await bare.Files.ScalarAsync<long>("SELECT COUNT(*) FROM accounts"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Any_number_of_accounts_may_have_no_username(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);

        await bare.NewAccountAsync("alice");
        await bare.NewAccountAsync("bob");

        Assert.Equal(2, await bare.Files.ScalarAsync<long>("SELECT COUNT(*) FROM accounts WHERE username_key IS NULL"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_change_touches_its_own_account_alone(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (alice, bob) = (await bare.NewAccountAsync("alice", "alice"), await bare.NewAccountAsync("bob", "bob"));
        await bare.Files.ExecuteAsync("UPDATE accounts SET password_change_required = 1");
        bob = bob with { PasswordChangeRequired = true };

        await bare.WriteAsync(async transaction =>
        {
            await _store.SetPasswordAsync(transaction, alice.Id, "$new", 21);
            await _store.SetEmailAsync(transaction, alice.Id, "moved@example.org", 22);
            await _store.SetProfileAsync(transaction, alice with { Username = "Moved", GivenName = "Al", FamilyName = null });
            await _store.SetLastLoginAsync(transaction, alice.Id, 23);
        });

        var expected = alice with
        {
            PasswordHash = "$new",
            PasswordChangedAt = 21,
            Email = "moved@example.org",
            EmailVerifiedAt = 22,
            Username = "Moved",
            GivenName = "Al",
            LastLoginAt = 23,
        };
        Assert.Equal(expected, await bare.ReadAsync(scope => _store.FindByUsernameAsync(scope, "moved")));
        Assert.Equal(bob, await bare.ReadAsync(scope => _store.FindAsync(scope, bob.Id)));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_rehash_does_not_undo_a_change_that_came_first(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");

        await bare.WriteAsync(transaction => _store.SetRehashedAsync(transaction, alice.Id, "$another", "$rehash of another"));
        Assert.Equal("$hash", (await bare.ReadAsync(scope => _store.FindAsync(scope, alice.Id)))!.PasswordHash);

        await bare.WriteAsync(transaction => _store.SetRehashedAsync(transaction, alice.Id, "$hash", "$rehash"));
        Assert.Equal("$rehash", (await bare.ReadAsync(scope => _store.FindAsync(scope, alice.Id)))!.PasswordHash);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task An_address_is_verified_once_and_keeps_its_first_date(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");

        Assert.True(await bare.WriteAsync(transaction => _store.TrySetVerifiedAsync(transaction, alice.Id, 31)));
        Assert.False(await bare.WriteAsync(transaction => _store.TrySetVerifiedAsync(transaction, alice.Id, 32)));

        Assert.Equal(31, (await bare.ReadAsync(scope => _store.FindAsync(scope, alice.Id)))!.EmailVerifiedAt);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Moving_to_a_taken_address_or_username_is_a_duplicate_and_changes_nothing(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (alice, bob) = (await bare.NewAccountAsync("alice", "alice"), await bare.NewAccountAsync("bob", "bob"));

        var address = await Record.ExceptionAsync(() => bare.WriteAsync(transaction => _store.SetEmailAsync(transaction, bob.Id, alice.Email, 1)));
        var username = await Record.ExceptionAsync(() => bare.WriteAsync(transaction => _store.SetProfileAsync(transaction, bob with { Username = "aLICE" })));

        Assert.True(Dialect.IsDuplicate(address!), address?.ToString());
        Assert.True(Dialect.IsDuplicate(username!), username?.ToString());
        Assert.Equal(bob, await bare.ReadAsync(scope => _store.FindAsync(scope, bob.Id)));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Removing_an_account_takes_the_rows_that_hang_on_it(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (alice, bob) = (await bare.NewAccountAsync("alice"), await bare.NewAccountAsync("bob"));
        foreach (var account in new[] { alice, bob })
        {
            await bare.Files.ExecuteAsync("INSERT INTO account_roles (account_id, role) VALUES (@Id, 'user')", new { account.Id });
        }

        await bare.WriteAsync(transaction => _store.RemoveAsync(transaction, alice.Id));

        Assert.Null(await bare.ReadAsync(scope => _store.FindAsync(scope, alice.Id)));
        Assert.Equal([bob.Id], await bare.Files.QueryAsync<string>("SELECT account_id FROM account_roles"));
    }

    private Task<AddedAccount> TryAddAsync(BareDatabase bare, string email, string? username) => bare.WriteAsync(transaction =>
        _store.AddAsync(transaction, new Account { Id = Id.New(bare.Clock), Email = email, Username = username, CreatedAt = 1 }));
}
