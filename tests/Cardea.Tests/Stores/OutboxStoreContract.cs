using Cardea.Features.Mail;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stores;

public sealed class OutboxStoreContract
{
    private readonly OutboxStore _store = new();

    [Theory, OnSqlite, OnPostgres]
    public async Task Due_mails_are_claimed_oldest_first_and_no_more_than_asked(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, New("m3", dueAt: 12), New("m1", dueAt: 10), New("m2", dueAt: 11), New("m4", dueAt: 101));

        Assert.Equal(["m1", "m2"], Ids(await ClaimAsync(bare, now: 100, leaseEnd: 200, most: 2)));
        Assert.Equal(["m3"], Ids(await ClaimAsync(bare, now: 100, leaseEnd: 200, most: 2)));
        Assert.Empty(await ClaimAsync(bare, now: 100, leaseEnd: 200, most: 2));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task No_more_is_claimed_than_asked_where_the_planner_believes_the_table_to_be_tiny(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, New("m0"));
        await bare.Files.ExecuteAsync("ANALYZE outbox");
        await AddAsync(bare, [.. Enumerable.Range(1, 20).Select(number => New($"m{number}"))]);

        Assert.Equal(3, (await ClaimAsync(bare, now: 100, leaseEnd: 200, most: 3)).Count);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_claim_lapses_with_its_lease_and_counts_the_tries(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, New("m1", dueAt: 10));

        Assert.Equal(1, (await ClaimAsync(bare, now: 10, leaseEnd: 200, most: 1)).Single().Attempts);
        Assert.Empty(await ClaimAsync(bare, now: 199, leaseEnd: 400, most: 1));
        var again = (await ClaimAsync(bare, now: 200, leaseEnd: 400, most: 1)).Single();

        Assert.Equal((2, 400), (again.Attempts, again.NextAttemptAt));
        Assert.Equal([5, 6], again.Content!);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Callers_at_once_never_get_the_same_mail(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, [.. Enumerable.Range(10, 40).Select(number => New($"m{number}"))]);

        var claims = await Race.RunAsync(16, _ => ClaimAsync(bare, now: 100, leaseEnd: 200, most: 4));
        var rest = await ClaimAsync(bare, now: 100, leaseEnd: 200, most: 100); // what a rival passed over because somebody was just taking it

        var all = Ids(claims.SelectMany(claim => claim).Concat(rest)).ToList();
        Assert.Equal(40, all.Count);
        Assert.Equal(40, all.Distinct().Count());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_parked_mail_can_be_sent_again_until_it_has_run_out(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        var (fresh, late) = (New("m1", accountId: "a1"), New("m2", accountId: "a1"));
        await AddAsync(bare, fresh);
        await AddAsync(bare, late);
        var end = fresh.SendBefore;

        await bare.WriteAsync(transaction => _store.SetFinishedAsync(transaction, "m1", MailState.Parked, end - 2, "no such box"));
        await bare.WriteAsync(transaction => _store.SetFinishedAsync(transaction, "m2", MailState.Parked, end, "too late"));

        Assert.False(await bare.WriteAsync(transaction => _store.TryRequeueAsync(transaction, "m2", end - 1)));
        Assert.True(await bare.WriteAsync(transaction => _store.TryRequeueAsync(transaction, "m1", end - 1)));
        var mails = (await bare.ReadAsync(scope => _store.ListOfAccountAsync(scope, "a1"))).ToDictionary(mail => mail.Id);
        Assert.Equal((MailState.Queued, 0L, end - 1), (mails["m1"].State, mails["m1"].Attempts, mails["m1"].NextAttemptAt));
        Assert.Null(mails["m2"].Content);
        await bare.WriteAsync(transaction => _store.SetFinishedAsync(transaction, "m1", MailState.Parked, end - 1, "no such box"));
        Assert.Equal(1, await bare.WriteAsync(transaction => _store.EmptyAsync(transaction, end, 10)));
        Assert.False(await bare.WriteAsync(transaction => _store.TryRequeueAsync(transaction, "m1", end - 1)));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_finished_mail_is_empty_and_never_due_again(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, New("m1", accountId: "a1"));

        await bare.WriteAsync(transaction => _store.SetFinishedAsync(transaction, "m1", MailState.Sent, 77, "no such box"));

        var mail = (await bare.ReadAsync(scope => _store.ListOfAccountAsync(scope, "a1"))).Single();
        Assert.Equal((null, MailState.Sent, 77L, "no such box"), (mail.Content, mail.State, mail.FinishedAt, mail.LastError));
        Assert.Empty(await ClaimAsync(bare, now: long.MaxValue / 2, leaseEnd: long.MaxValue / 2, most: 1));
        Assert.Null(await bare.ReadAsync(_store.FindNextDueAsync));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task PR_01_A_mail_that_is_no_accounts_leaves_nothing_behind(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, New("m1"), New("m2"));

        await bare.WriteAsync(transaction => _store.SetFinishedAsync(transaction, "m1", MailState.Sent, 77, null));

        Assert.Equal(["m2"], await bare.Files.QueryAsync<string>("SELECT id FROM outbox"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_retry_is_due_when_it_was_put_off_to(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, New("m1"), New("m2", dueAt: 900));
        await ClaimAsync(bare, now: 100, leaseEnd: 500, most: 1);

        await bare.WriteAsync(transaction => _store.SetRetryAsync(transaction, "m1", 300, "busy"));

        Assert.Equal(300, await bare.ReadAsync(_store.FindNextDueAsync));
        Assert.Empty(await ClaimAsync(bare, now: 299, leaseEnd: 500, most: 9));
        Assert.Equal("busy", (await ClaimAsync(bare, now: 300, leaseEnd: 500, most: 9)).Single().LastError);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Erasing_and_purging_take_their_own_and_leave_the_rest(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, New("m1", accountId: "a1"), New("m2", accountId: "a2"), New("m3", accountId: "a3"), New("m4", accountId: null));
        await bare.WriteAsync(transaction => _store.SetFinishedAsync(transaction, "m2", MailState.Sent, 50, null));
        await bare.WriteAsync(transaction => _store.SetFinishedAsync(transaction, "m3", MailState.Sent, 60, null));

        await bare.WriteAsync(transaction => _store.EraseAsync(transaction, "a1"));
        Assert.Equal(1, await bare.WriteAsync(transaction => _store.PurgeAsync(transaction, before: 60, most: 10)));

        Assert.Equal(["m3", "m4"], await bare.Files.QueryAsync<string>("SELECT id FROM outbox ORDER BY id"));
    }

    private static OutboxMail New(string id, long dueAt = 10, string? accountId = null) => new()
    {
        Id = id,
        AccountId = accountId,
        Template = "verify-email",
        Recipient = "alice@example.org",
        Content = [5, 6],
        State = MailState.Queued,
        NextAttemptAt = dueAt,
        SendBefore = 1000,
        CreatedAt = 1,
    };

    private static IEnumerable<string> Ids(IEnumerable<OutboxMail> mails) => mails.Select(mail => mail.Id).Order(StringComparer.Ordinal);

    private Task AddAsync(BareDatabase bare, params OutboxMail[] mails) => bare.WriteAsync(async transaction =>
    {
        foreach (var mail in mails)
        {
            await _store.AddAsync(transaction, mail);
        }
    });

    private Task<List<OutboxMail>> ClaimAsync(BareDatabase bare, long now, long leaseEnd, int most) =>
        bare.WriteAsync(transaction => _store.ClaimAsync(transaction, now, leaseEnd, most));
}
