using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stores;

public sealed class SessionStoreContract
{
    private readonly SessionStore _store = new();

    [Theory, OnSqlite, OnPostgres]
    public async Task What_is_added_is_found_whole(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");
        var session = New("s1", alice.Id, createdAt: 10, seenAt: 20, expiresAt: 30);

        await bare.WriteAsync(transaction => _store.AddAsync(transaction, session));

        Assert.Equivalent(session, await bare.ReadAsync(scope => _store.FindAsync(scope, "s1")), strict: true);
        Assert.Null(await bare.ReadAsync(scope => _store.FindAsync(scope, "s2")));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Live_ones_are_listed_oldest_first_to_the_millisecond(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (alice, bob) = (await bare.NewAccountAsync("alice"), await bare.NewAccountAsync("bob"));
        await AddAsync(
            bare,
            New("newer", alice.Id, createdAt: 12, seenAt: 101, expiresAt: 1001),
            New("older", alice.Id, createdAt: 11, seenAt: 101, expiresAt: 1001),
            New("idle", alice.Id, createdAt: 10, seenAt: 100, expiresAt: 1001),
            New("expired", alice.Id, createdAt: 10, seenAt: 101, expiresAt: 1000),
            New("bobs", bob.Id, createdAt: 10, seenAt: 101, expiresAt: 1001));

        var live = await bare.ReadAsync(scope => _store.ListLiveAsync(scope, alice.Id, now: 1000, idleSince: 100));

        Assert.Equal(["older", "newer"], live.Select(session => session.Id));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Only_its_owner_removes_a_session_and_only_once(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (alice, bob) = (await bare.NewAccountAsync("alice"), await bare.NewAccountAsync("bob"));
        await AddAsync(bare, New("s1", alice.Id));

        Assert.Empty(await bare.WriteAsync(transaction => _store.RemoveAsync(transaction, "s1", bob.Id)));
        Assert.Single(await bare.WriteAsync(transaction => _store.RemoveAsync(transaction, "s1", alice.Id)));
        Assert.Empty(await bare.WriteAsync(transaction => _store.RemoveAsync(transaction, "s1", alice.Id)));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Removing_all_names_those_removed_and_spares_the_exception(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (alice, bob) = (await bare.NewAccountAsync("alice"), await bare.NewAccountAsync("bob"));
        await AddAsync(bare, New("a1", alice.Id), New("a2", alice.Id), New("a3", alice.Id), New("b1", bob.Id));

        Assert.Equal(["a1", "a3"], (await bare.WriteAsync(transaction => _store.RemoveAllAsync(transaction, alice.Id, except: "a2"))).Select(ended => ended.Id).Order());
        Assert.Equal(["a2"], (await bare.WriteAsync(transaction => _store.RemoveAllAsync(transaction, alice.Id, except: null))).Select(ended => ended.Id));
        Assert.Equal(["b1"], await bare.Files.QueryAsync<string>("SELECT id FROM sessions"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_viewing_is_in_no_list_of_sessions_and_goes_with_the_session_that_it_was_begun_by(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (alice, root) = (await bare.NewAccountAsync("alice"), await bare.NewAccountAsync("root"));
        var eve = await bare.NewAccountAsync("eve");
        await AddAsync(bare, New("own", root.Id), New("a1", alice.Id), New("view", alice.Id, by: ("own", root.Id)), New("lost", alice.Id, by: ("gone", root.Id)), New("eves", alice.Id, by: ("gone too", eve.Id)));

        Assert.Equal(["a1"], (await bare.ReadAsync(scope => _store.ListLiveAsync(scope, alice.Id, now: 30, idleSince: 10))).Select(session => session.Id));
        Assert.Equal(2, await bare.ReadAsync(scope => _store.CountLiveAsync(scope, now: 30, idleSince: 10)));
        var ended = Assert.Single(await bare.WriteAsync(transaction => _store.RemoveViewingsAsync(transaction, root.Id)));
        Assert.Equal(("lost", alice.Id, root.Id), (ended.Id, ended.AccountId, ended.ActorId));
        Assert.Equal(["eves"], (await bare.WriteAsync(transaction => _store.RemoveViewingsAsync(transaction, null))).Select(one => one.Id));
        Assert.Single(await bare.WriteAsync(transaction => _store.RemoveAsync(transaction, "own", root.Id)));
        Assert.Equal(["view"], (await bare.WriteAsync(transaction => _store.RemoveViewingsAsync(transaction, root.Id))).Select(one => one.Id));
        Assert.Empty(await bare.WriteAsync(transaction => _store.RemoveViewingsAsync(transaction, root.Id)));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_counter_moves_on_once_and_only_from_where_it_is(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");
        await AddAsync(bare, New("s1", alice.Id, seenAt: 20));

        Assert.False(await TryRotateAsync(bare, "s1", counter: 1, now: 50));
        Assert.True(await TryRotateAsync(bare, "s1", counter: 0, now: 51));
        Assert.False(await TryRotateAsync(bare, "s1", counter: 0, now: 52));
        Assert.False(await TryRotateAsync(bare, "unknown", counter: 0, now: 53));

        var session = await bare.ReadAsync(scope => _store.FindAsync(scope, "s1"));
        Assert.Equal((1, 51), (session!.RefreshCounter, session.LastSeenAt));
    }

    /// <summary>On PostgreSQL by its own clock, whatever a node believes the time to be.</summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task How_long_ago_a_counter_moved_on_is_known_while_nothing_has_used_the_next(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");
        await AddAsync(bare, New("s1", alice.Id, seenAt: 20));
        Assert.True(await TryRotateAsync(bare, "s1", counter: 0, now: 1000));

        var age = await bare.ReadAsync(scope => _store.FindAgeAsync(scope, "s1", successor: 1, now: 4000));
        Assert.True(engine is Engine.Sqlite ? age == 3000 : age is >= 0 and < 60_000, $"{age} ms");
        Assert.Null(await bare.ReadAsync(scope => _store.FindAgeAsync(scope, "s1", successor: 2, now: 4000)));
        Assert.Null(await bare.ReadAsync(scope => _store.FindAgeAsync(scope, "s2", successor: 1, now: 4000)));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_token_that_lay_too_long_does_not_rotate(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");
        var now = bare.Clock.Milliseconds();
        await AddAsync(bare, New("s1", alice.Id, seenAt: now - 600_000));

        Assert.False(await bare.WriteAsync(transaction => _store.TryRotateAsync(transaction, "s1", 0, now, unusedFor: 600_000)));
        Assert.True(await bare.WriteAsync(transaction => _store.TryRotateAsync(transaction, "s1", 0, now, unusedFor: 660_000)));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_last_use_never_goes_back(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");
        await AddAsync(bare, New("s1", alice.Id, seenAt: 20));

        await bare.WriteAsync(transaction => _store.SetSeenAsync(transaction, "s1", 60));
        await bare.WriteAsync(transaction => _store.SetSeenAsync(transaction, "s1", 40));

        Assert.Equal(60, (await bare.ReadAsync(scope => _store.FindAsync(scope, "s1")))!.LastSeenAt);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_purge_takes_what_is_over_and_no_more_than_asked(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var alice = await bare.NewAccountAsync("alice");
        await AddAsync(
            bare,
            New("live", alice.Id, seenAt: 101, expiresAt: 1001),
            New("idle", alice.Id, seenAt: 100, expiresAt: 1001),
            New("soon", alice.Id, seenAt: 100, expiresAt: 1001),
            New("expired", alice.Id, seenAt: 101, expiresAt: 1000));

        Assert.Equal(["expired"], await PurgeAsync(transaction => _store.PurgeExpiredAsync(transaction, now: 1000, most: 10)));
        Assert.Empty(await PurgeAsync(transaction => _store.PurgeIdleAsync(transaction, idleSince: 100, after: "idle", until: "live", most: 10)));
        Assert.Empty(await PurgeAsync(transaction => _store.PurgeIdleAsync(transaction, idleSince: 100, after: "", until: "i", most: 10)));
        Assert.Equal(["idle"], await PurgeAsync(transaction => _store.PurgeIdleAsync(transaction, idleSince: 100, after: "i", until: "live", most: 1)));
        Assert.Equal(["live", "soon"], await bare.Files.QueryAsync<string>("SELECT id FROM sessions ORDER BY id"));

        async Task<IEnumerable<string>> PurgeAsync(Func<Transaction, Task<List<EndedSession>>> purge) => (await bare.WriteAsync(purge)).Select(ended => ended.Id);
    }

    private static Session New(string id, string accountId, long createdAt = 1, long seenAt = 20, long expiresAt = 1000, (string SessionId, string AccountId)? by = null) => new()
    {
        Id = id,
        AccountId = accountId,
        CreatedAt = createdAt,
        AuthenticatedAt = createdAt + 1,
        LastSeenAt = seenAt,
        ExpiresAt = expiresAt,
        Amr = "pwd otp",
        Address = "192.0.2.1",
        UserAgent = "agent/1",
        RefreshHash = [1, 2, 3],
        RefreshedAt = seenAt,
        ActorId = by?.AccountId,
        ActorSessionId = by?.SessionId,
    };

    private Task AddAsync(BareDatabase bare, params Session[] sessions) => bare.WriteAsync(async transaction =>
    {
        foreach (var session in sessions)
        {
            await _store.AddAsync(transaction, session);
        }
    });

    private Task<bool> TryRotateAsync(BareDatabase bare, string id, long counter, long now) =>
        bare.WriteAsync(transaction => _store.TryRotateAsync(transaction, id, counter, now, unusedFor: long.MaxValue / 2));
}
