using Cardea.Features.SigningKeys;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stores;

public sealed class SigningKeyStoreContract
{
    private readonly SigningKeyStore _store = new();

    [Theory, OnSqlite, OnPostgres]
    public async Task Keys_live_until_the_millisecond_they_run_out_and_come_in_the_order_in_which_they_sign(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, ("k2", 20), ("k1", 10), ("k3", 30));
        await bare.WriteAsync(transaction => _store.SetVerifiesUntilAsync(transaction, "k1", 100));

        Assert.Equal(["k1", "k2", "k3"], Ids(await bare.ReadAsync(scope => _store.ListLiveAsync(scope, 99))));
        Assert.Equal(["k2", "k3"], Ids(await bare.ReadAsync(scope => _store.ListLiveAsync(scope, 100))));
        var key = (await bare.ReadAsync(scope => _store.ListLiveAsync(scope, 99)))[0];
        Assert.Equal(("ES256", 1, 10, 100L), (key.Algorithm, key.CreatedAt, key.SignsFrom, key.VerifiesUntil));
        Assert.Equal([3, 4], key.PrivateKey);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_purge_never_takes_a_key_that_still_verifies(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, ("signs", 10), ("over", 10), ("verifies", 10));
        await bare.WriteAsync(transaction => _store.SetVerifiesUntilAsync(transaction, "over", 100));
        await bare.WriteAsync(transaction => _store.SetVerifiesUntilAsync(transaction, "verifies", 101));

        Assert.Equal(1, await bare.WriteAsync(transaction => _store.PurgeAsync(transaction, now: 100, most: 10)));

        Assert.Equal(["signs", "verifies"], await bare.Files.QueryAsync<string>("SELECT id FROM signing_keys ORDER BY id"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_same_key_is_not_added_twice(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, ("k1", 10));

        Assert.True(Dialect.IsDuplicate((await Record.ExceptionAsync(() => AddAsync(bare, ("k1", 20))))!));
    }

    private static IEnumerable<string> Ids(IEnumerable<StoredSigningKey> keys) => keys.Select(key => key.Id);

    private Task AddAsync(BareDatabase bare, params (string Id, long SignsFrom)[] keys) => bare.WriteAsync(async transaction =>
    {
        foreach (var (id, signsFrom) in keys)
        {
            await _store.AddAsync(transaction, new StoredSigningKey { Id = id, Algorithm = "ES256", PrivateKey = [3, 4], CreatedAt = 1, SignsFrom = signsFrom });
        }
    });
}
