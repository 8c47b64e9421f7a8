using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Npgsql;

namespace Cardea.Tests.Foundation.Data;

/// <summary>PostgreSQL gives one of two up when they stand in each other's way; the work then runs again from its start.</summary>
public sealed class PostgresConflictTests
{
    [Theory, OnPostgres("40001"), OnPostgres("40P01")]
    public async Task A_conflict_is_tried_again_and_only_the_last_try_lasts(Engine engine, string state)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (tries, followed) = (0, 0);

        var result = await bare.WriteAsync(async transaction =>
        {
            var number = ++tries;
            transaction.AfterCommit(() => followed++);
            await transaction.ExecuteAsync("INSERT INTO allowances (key, taken, ends_at) VALUES (@key, 1, 1)", new { key = $"try {number}" });
            if (number < 3)
            {
                await transaction.ExecuteAsync($"DO $$ BEGIN RAISE EXCEPTION 'given up' USING ERRCODE = '{state}'; END $$");
            }

            return number;
        });

        Assert.Equal((3, 3, 1), (result, tries, followed));
        Assert.Equal(["try 3"], await bare.Files.QueryAsync<string>("SELECT key FROM allowances"));
    }

    [Theory, OnPostgres]
    public async Task A_conflict_without_end_is_an_outage_and_not_tried_for_ever(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var tries = 0;

        var fault = await Assert.ThrowsAsync<PostgresException>(() => bare.WriteAsync(async transaction =>
        {
            tries++;
            await transaction.ExecuteAsync("DO $$ BEGIN RAISE EXCEPTION 'given up' USING ERRCODE = '40001'; END $$");
        }));

        Assert.InRange(tries, 2, 10);
        Assert.True(Dialect.IsOutage(fault));
    }

    [Theory, OnPostgres]
    public async Task Another_fault_is_not_tried_again(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var tries = 0;

        await Assert.ThrowsAsync<PostgresException>(() => bare.WriteAsync(async transaction =>
        {
            tries++;
            await transaction.ExecuteAsync("INSERT INTO allowances (key, taken, ends_at) VALUES (NULL, 1, 1)");
        }));

        Assert.Equal(1, tries);
    }

    [Theory, OnPostgres]
    public async Task Two_that_lock_the_same_rows_in_opposite_order_both_come_through(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await bare.Files.ExecuteAsync("INSERT INTO allowances (key, taken, ends_at) VALUES ('left', 0, 0), ('right', 0, 0)");
        using var both = new Barrier(2);

        await Race.RunAsync(2, async number =>
        {
            string[] keys = number == 0 ? ["left", "right"] : ["right", "left"];
            var first = true;
            await bare.WriteAsync(async transaction =>
            {
                await TakeAsync(transaction, keys[0]);
                if (first)
                {
                    first = false;
                    await Task.Run(() => both.SignalAndWait(TimeSpan.FromSeconds(10))); // now each holds what the other wants
                }

                await TakeAsync(transaction, keys[1]);
            });
            return 0;
        });

        Assert.Equal([2L, 2L], await bare.Files.QueryAsync<long>("SELECT taken FROM allowances"));
    }

    private static Task TakeAsync(Transaction transaction, string key) =>
        transaction.ExecuteAsync("UPDATE allowances SET taken = taken + 1 WHERE key = @key", new { key });
}
