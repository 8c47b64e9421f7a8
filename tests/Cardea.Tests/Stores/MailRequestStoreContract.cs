using Cardea.Features.Mail;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stores;

public sealed class MailRequestStoreContract
{
    private readonly MailRequestStore _store = new();

    [Theory, OnSqlite, OnPostgres]
    public async Task Requests_come_back_whole_one_at_a_time_in_the_order_of_asking(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, "r2", "r1");

        var first = await bare.WriteAsync(_store.ConsumeNextAsync);
        Assert.Equal(("r1", "forgot"), (first!.Id, first.Kind));
        Assert.Equal([1, 2], first.AskedFor);
        Assert.Equal("r2", (await bare.WriteAsync(_store.ConsumeNextAsync))!.Id);
        Assert.Null(await bare.WriteAsync(_store.ConsumeNextAsync));
    }

    /// <summary>A table that was looked at while it held one row is joined in another way, which once took every row and answered one.</summary>
    [Theory, OnSqlite, OnPostgres]
    public async Task One_at_a_time_also_where_the_planner_believes_the_table_to_be_tiny(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, "r0");
        await bare.Files.ExecuteAsync("ANALYZE mail_requests");
        await AddAsync(bare, "r1", "r2", "r3");

        await bare.WriteAsync(_store.ConsumeNextAsync);

        Assert.Equal(["r1", "r2", "r3"], await bare.Files.QueryAsync<string>("SELECT id FROM mail_requests ORDER BY id"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Callers_at_once_get_different_requests_and_a_rollback_gives_one_back(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, "r1", "r2", "r3", "r4");

        await Assert.ThrowsAsync<InvalidOperationException>(() => bare.WriteAsync(async transaction =>
        {
            await _store.ConsumeNextAsync(transaction);
            throw new InvalidOperationException();
        }));
        var consumed = await Race.RunAsync(16, _ => bare.WriteAsync(_store.ConsumeNextAsync));

        Assert.Equal(["r1", "r2", "r3", "r4"], consumed.OfType<MailRequest>().Select(request => request.Id).Order());
    }

    private Task AddAsync(BareDatabase bare, params string[] ids) => bare.WriteAsync(async transaction =>
    {
        foreach (var id in ids)
        {
            await _store.AddAsync(transaction, new MailRequest { Id = id, Kind = "forgot", AskedFor = [1, 2] }, now: 1);
        }
    });
}
