using Cardea.Features.Roles;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stores;

public sealed class RoleStoreContract
{
    private readonly RoleStore _store = new();

    [Theory, OnSqlite, OnPostgres]
    public async Task A_role_granted_twice_is_had_once(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");

        await GrantAsync(bare, alice.Id, RoleName.User, RoleName.Admin, RoleName.User);

        Assert.Equal(["admin", "user"], await bare.ReadAsync(scope => _store.ListOfAccountAsync(scope, alice.Id)));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task An_unknown_role_or_account_is_refused_by_the_database(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");

        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => GrantAsync(bare, alice.Id, "emperor"));
        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => GrantAsync(bare, "nobody", RoleName.User));
        Assert.Empty(await bare.ReadAsync(scope => _store.ListOfAccountAsync(scope, alice.Id)));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Whether_anybody_has_a_role(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");

        Assert.False(await bare.ReadAsync(scope => _store.AnyHasAsync(scope, RoleName.Admin)));
        await GrantAsync(bare, alice.Id, RoleName.Admin);
        Assert.True(await bare.ReadAsync(scope => _store.AnyHasAsync(scope, RoleName.Admin)));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_03_The_last_administrator_is_the_one_beside_whom_no_other_could_sign_in(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (alice, bob, carol) = (await bare.NewAccountAsync("alice"), await bare.NewAccountAsync("bob"), await bare.NewAccountAsync("carol"));
        await GrantAsync(bare, alice.Id, RoleName.Admin);
        await GrantAsync(bare, bob.Id, RoleName.User);

        Assert.True(await IsLastAsync(alice.Id));
        Assert.False(await IsLastAsync(bob.Id));

        await GrantAsync(bare, carol.Id, RoleName.Admin);
        Assert.False(await IsLastAsync(alice.Id));

        await bare.Files.ExecuteAsync("UPDATE accounts SET disabled_at = 1 WHERE id = @Id", new { carol.Id });
        Assert.True(await IsLastAsync(alice.Id));
        Assert.False(await IsLastAsync(carol.Id));

        Task<bool> IsLastAsync(string id) => bare.WriteAsync(transaction => _store.IsLastAdminAsync(transaction, id));
    }

    private Task GrantAsync(BareDatabase bare, string accountId, params string[] roles) => bare.WriteAsync(async transaction =>
    {
        foreach (var role in roles)
        {
            await _store.GrantAsync(transaction, accountId, role);
        }
    });
}
