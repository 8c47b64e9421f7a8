using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stores;

public sealed class AuditStoreContract
{
    private readonly AuditStore _store = new();

    [Theory, OnSqlite, OnPostgres]
    public async Task Rows_come_back_whole_and_in_order(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (first, second) = (New("e1", "a1"), New("e2", "a1"));
        await AddAsync(bare, second, first, New("e3", "a2"));

        Assert.Equivalent(new[] { first, second }, await bare.ReadAsync(scope => _store.ListOfAccountAsync(scope, "a1")), strict: true);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task What_is_not_kept_leaves_neither_row_nor_line(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, New("e1", "a1"));

        await bare.WriteAsync(transaction => _store.AddAsync(transaction, new AuditEvent { Id = "e2", Event = "signed_in", At = 5 }, new ChainLine { EventId = "e2", Facts = [1], Personal = [2], Salt = [3] }, isKept: false));

        Assert.Equal(["e1"], await bare.Files.QueryAsync<string>("SELECT id FROM audit_events"));
        Assert.Equal(["e1"], await bare.Files.QueryAsync<string>("SELECT event_id FROM audit_chain"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PR_01_Erasing_leaves_that_and_when_it_happened_and_nothing_of_the_person(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, New("e1", "a1"), New("e2", "a2"));

        await bare.WriteAsync(transaction => _store.EraseAsync(transaction, "a1", [7]));

        var left = (await bare.ReadAsync(scope => _store.ListOfAccountAsync(scope, "a1"))).Single();
        Assert.Equal(("signed_in", 5L, null, null, null), (left.Event, left.At, left.Address, left.UserAgent, left.Detail));
        Assert.Equivalent(New("e2", "a2"), (await bare.ReadAsync(scope => _store.ListOfAccountAsync(scope, "a2"))).Single(), strict: true);
    }

    private static AuditEvent New(string id, string accountId) => new()
    {
        Id = id,
        Event = "signed_in",
        At = 5,
        AccountId = accountId,
        ActorId = "a9",
        SessionId = "s1",
        Address = "192.0.2.1",
        UserAgent = "agent/1",
        RequestId = "r1",
        Detail = """{"amr":["pwd"]}""",
    };

    private Task AddAsync(BareDatabase bare, params AuditEvent[] rows) => bare.WriteAsync(async transaction =>
    {
        foreach (var row in rows)
        {
            await _store.AddAsync(transaction, row, new ChainLine { EventId = row.Id, Facts = [1], Personal = [2], Salt = [3] });
        }
    });
}
