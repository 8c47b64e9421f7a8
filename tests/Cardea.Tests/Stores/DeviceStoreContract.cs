using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stores;

public sealed class DeviceStoreContract
{
    private readonly DeviceStore _store = new();

    [Theory, OnSqlite, OnPostgres]
    public async Task A_device_is_known_to_its_own_account_alone(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (alice, bob) = (await bare.NewAccountAsync("alice"), await bare.NewAccountAsync("bob"));
        await AddAsync(bare, "d1", alice.Id, token: [1], fingerprint: [9]);

        Assert.Equal("d1", (await bare.ReadAsync(scope => _store.FindByTokenAsync(scope, alice.Id, [1])))?.Id);
        Assert.Equal("d1", (await bare.ReadAsync(scope => _store.FindByFingerprintAsync(scope, alice.Id, [9])))?.Id);
        Assert.Null(await bare.ReadAsync(scope => _store.FindByTokenAsync(scope, bob.Id, [1])));
        Assert.Null(await bare.ReadAsync(scope => _store.FindByFingerprintAsync(scope, bob.Id, [9])));
        Assert.Null(await bare.ReadAsync(scope => _store.FindByTokenAsync(scope, alice.Id, [9])));
        Assert.Equal(["d1"], (await bare.ReadAsync(scope => _store.ListOfAccountAsync(scope, alice.Id))).Select(device => device.Id));
        Assert.Empty(await bare.ReadAsync(scope => _store.ListOfAccountAsync(scope, bob.Id)));
        Assert.Equal(alice.Id, await bare.ReadAsync(scope => _store.FindAccountAsync(scope, [1])));
        Assert.Null(await bare.ReadAsync(scope => _store.FindAccountAsync(scope, [9])));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Where_there_are_enough_the_one_least_recently_seen_makes_room_and_nothing_of_it_is_left(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (alice, bob) = (await bare.NewAccountAsync("alice"), await bare.NewAccountAsync("bob"));
        await AddAsync(bare, "d0", bob.Id, token: [7], fingerprint: [7]);
        await AddAsync(bare, "d1", alice.Id, token: [1], fingerprint: [9]);
        await AddAsync(bare, "d2", alice.Id, token: [2], fingerprint: [8]);
        await bare.WriteAsync(transaction => _store.SetSeenAsync(transaction, "d1", "a client", 50));
        await bare.WriteAsync(transaction => _store.SetTrustedAsync(transaction, "d2", 1000));

        await bare.WriteAsync(transaction => _store.RemoveSurplusAsync(transaction, alice.Id, 2));
        Assert.Equal(3, await bare.Files.ScalarAsync<long>("SELECT COUNT(*) FROM devices"));
        await bare.WriteAsync(transaction => _store.RemoveSurplusAsync(transaction, alice.Id, 1));
        Assert.Equal("d0,d1", string.Join(',', await bare.ReadAsync(scope => scope.QueryAsync<string>("SELECT id FROM devices ORDER BY id"))));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Of_several_alike_the_one_seen_last_is_found(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");
        await AddAsync(bare, "d1", alice.Id, token: [1], fingerprint: [9]);
        await AddAsync(bare, "d2", alice.Id, token: [2], fingerprint: [9]);

        await bare.WriteAsync(transaction => _store.SetSeenAsync(transaction, "d1", "a client", 50));
        Assert.Equal("d1", (await bare.ReadAsync(scope => _store.FindByFingerprintAsync(scope, alice.Id, [9])))?.Id);

        await bare.WriteAsync(transaction => _store.SetSeenAsync(transaction, "d2", "a client", 51));
        Assert.Equal(51, (await bare.ReadAsync(scope => _store.FindByFingerprintAsync(scope, alice.Id, [9])))?.LastSeenAt);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_purge_takes_the_long_unseen_and_their_sessions_live_on(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");
        await AddAsync(bare, "d1", alice.Id, token: [1], fingerprint: [9]);
        await AddAsync(bare, "d2", alice.Id, token: [2], fingerprint: [9]);
        await bare.WriteAsync(transaction => _store.SetSeenAsync(transaction, "d2", "a client", 100));
        await bare.Files.ExecuteAsync(
            """
            INSERT INTO sessions (id, account_id, device_id, created_at, authenticated_at, last_seen_at, expires_at, amr, address, user_agent, refresh_hash, refresh_counter, refreshed_at)
            SELECT 's1', account_id, id, 1, 1, 1, 1, 'pwd', '', '', fingerprint, 0, 1 FROM devices WHERE id = 'd1'
            """);

        Assert.Equal(0, await bare.WriteAsync(transaction => _store.PurgeAsync(transaction, before: 100, after: "d1", until: "d2", most: 10)));
        Assert.Equal(0, await bare.WriteAsync(transaction => _store.PurgeAsync(transaction, before: 100, after: "", until: "d0", most: 10)));
        Assert.Equal(1, await bare.WriteAsync(transaction => _store.PurgeAsync(transaction, before: 100, after: "", until: "d2", most: 10)));

        Assert.Equal(["d2"], await bare.Files.QueryAsync<string>("SELECT id FROM devices"));
        Assert.Equal([null], await bare.Files.QueryAsync<string?>("SELECT device_id FROM sessions"));
    }

    private Task AddAsync(BareDatabase bare, string id, string accountId, byte[] token, byte[] fingerprint) => bare.WriteAsync(transaction =>
        _store.AddAsync(transaction, new Device { Id = id, AccountId = accountId, CreatedAt = 1, LastSeenAt = 1 }, token, fingerprint));
}
