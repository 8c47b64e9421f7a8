using Cardea.Features.RateLimits;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stores;

public sealed class AttemptCounterStoreContract
{
    private readonly AttemptCounterStore _store = new();

    [Theory, OnSqlite, OnPostgres]
    public async Task BF_02_Tries_at_once_get_a_number_each(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);

        var numbers = await Race.RunAsync(100, _ => CountAsync(bare, "k", 1));

        Assert.Equal(Enumerable.Range(1, 100).Select(number => (long?)number), numbers.Order());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_blocked_key_is_not_counted_until_the_millisecond_it_opens(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await CountAsync(bare, "k", 1);
        await bare.WriteAsync(transaction => _store.SetBlockedUntilAsync(transaction, "k", 100));

        Assert.Null(await CountAsync(bare, "k", 99));
        Assert.Equal(100, await bare.ReadAsync(scope => _store.GetBlockedUntilAsync(scope, "k")));
        Assert.Equal(1, await CountAsync(bare, "other", 99));
        Assert.Equal(2, await CountAsync(bare, "k", 100));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Taking_back_opens_the_key_and_never_goes_below_nothing(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await CountAsync(bare, "k", 1);
        await bare.WriteAsync(transaction => _store.SetBlockedUntilAsync(transaction, "k", 100));

        await bare.WriteAsync(transaction => _store.TakeBackAsync(transaction, "k"));
        await bare.WriteAsync(transaction => _store.TakeBackAsync(transaction, "k"));

        Assert.Equal(1, await CountAsync(bare, "k", 50));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Forgetting_by_prefix_takes_the_prefix_to_the_letter(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        foreach (var key in new[] { "password:a_:x", "password:a_:y", "password:ab:x", "PASSWORD:a_:x", "password:%" })
        {
            await CountAsync(bare, key, 1);
        }

        await bare.WriteAsync(transaction => _store.RemoveByPrefixAsync(transaction, "password:a_:"));
        await bare.WriteAsync(transaction => _store.RemoveAsync(transaction, "password:%"));

        Assert.Equal(["PASSWORD:a_:x", "password:ab:x"], (await bare.Files.QueryAsync<string>("SELECT key FROM attempt_counters")).Order(StringComparer.Ordinal));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_purge_forgets_the_old_and_never_what_still_blocks(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await CountAsync(bare, "old", 10);
        await CountAsync(bare, "blocks", 10);
        await CountAsync(bare, "young", 20);
        await bare.WriteAsync(transaction => _store.SetBlockedUntilAsync(transaction, "blocks", 1000));

        Assert.Equal(1, await bare.WriteAsync(transaction => _store.PurgeAsync(transaction, before: 20, now: 1000, most: 10)));

        Assert.Equal(["blocks", "young"], await bare.Files.QueryAsync<string>("SELECT key FROM attempt_counters ORDER BY key"));
    }

    private Task<long?> CountAsync(BareDatabase bare, string key, long now) => bare.WriteAsync(transaction => _store.TryCountAsync(transaction, key, now));
}
