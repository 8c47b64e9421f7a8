using Cardea.Features.RateLimits;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stores;

public sealed class AllowanceStoreContract
{
    private readonly AllowanceStore _store = new();

    [Theory, OnSqlite, OnPostgres]
    public async Task So_many_and_no_more_are_had_however_many_ask_at_once(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);

        var taken = await Race.RunAsync(50, _ => TakeAsync(bare, "k", most: 7, now: 1, end: 100));

        Assert.Equal(7, taken.Count(had => had));
        Assert.Equal(7, await bare.Files.ScalarAsync<long>("SELECT taken FROM allowances"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_window_ends_when_its_first_use_said_and_a_new_one_begins(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);

        Assert.True(await TakeAsync(bare, "k", most: 2, now: 1, end: 100));
        Assert.True(await TakeAsync(bare, "k", most: 2, now: 99, end: 198));
        Assert.False(await TakeAsync(bare, "k", most: 2, now: 99, end: 198));
        Assert.Equal(100, await bare.ReadAsync(scope => _store.GetEndAsync(scope, "k")));

        Assert.True(await TakeAsync(bare, "k", most: 2, now: 100, end: 199));
        Assert.Equal(199, await bare.ReadAsync(scope => _store.GetEndAsync(scope, "k")));
        Assert.True(await TakeAsync(bare, "k", most: 2, now: 101, end: 200));
        Assert.False(await TakeAsync(bare, "k", most: 2, now: 102, end: 201));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task What_is_given_back_can_be_taken_again_and_no_more_than_was_taken(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await TakeAsync(bare, "k", most: 1, now: 1, end: 100);

        await bare.WriteAsync(transaction => _store.GiveBackAsync(transaction, "k"));
        await bare.WriteAsync(transaction => _store.GiveBackAsync(transaction, "k"));

        Assert.True(await TakeAsync(bare, "k", most: 1, now: 2, end: 100));
        Assert.False(await TakeAsync(bare, "k", most: 1, now: 2, end: 100));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_purge_takes_windows_that_are_over(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await TakeAsync(bare, "over", most: 1, now: 1, end: 100);
        await TakeAsync(bare, "open", most: 1, now: 1, end: 101);

        Assert.Equal(1, await bare.WriteAsync(transaction => _store.PurgeAsync(transaction, now: 100, most: 10)));

        Assert.Equal(["open"], await bare.Files.QueryAsync<string>("SELECT key FROM allowances"));
    }

    private Task<bool> TakeAsync(BareDatabase bare, string key, int most, long now, long end) =>
        bare.WriteAsync(transaction => _store.TryTakeAsync(transaction, key, most, now, end));
}
