using Cardea.Features.Mail;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stores;

public sealed class MailboxStoreContract
{
    private readonly MailboxStore _store = new();

    [Theory, OnSqlite, OnPostgres]
    public async Task Mails_are_listed_newest_first_for_one_or_for_all(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, ("m1", "alice@example.org", 1), ("m2", "bob@example.org", 2), ("m3", "alice@example.org", 3));

        Assert.Equal(["m3", "m1"], Ids(await bare.ReadAsync(scope => _store.ListAsync(scope, "alice@example.org", 10))));
        Assert.Equal(["m3", "m2"], Ids(await bare.ReadAsync(scope => _store.ListAsync(scope, null, 2))));
        Assert.Empty(await bare.ReadAsync(scope => _store.ListAsync(scope, "nobody@example.org", 10)));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_mail_delivered_again_is_there_once_as_it_was_at_first(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);

        await AddAsync(bare, ("m1", "alice@example.org", 1), ("m1", "alice@example.org", 2));

        var mail = (await bare.ReadAsync(scope => _store.ListAsync(scope, null, 10))).Single();
        Assert.Equal((1, "Hello", "text", "<p>", "https://x", "123456"), (mail.SentAt, mail.Subject, mail.BodyText, mail.BodyHtml, mail.Link, mail.Code));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Erasing_takes_one_persons_mails_and_the_purge_the_old_ones(Engine engine)
    {
        await using var bare = await BareDatabase.CreateAsync(engine);
        await AddAsync(bare, ("m1", "alice@example.org", 1), ("m2", "bob@example.org", 2), ("m3", "bob@example.org", 3));

        await bare.Files.ExecuteAsync(
            "INSERT INTO outbox (id, account_id, template, recipient, state, attempts, next_attempt_at, send_before, created_at) VALUES ('m1', 'a1', 't', 'r', 'sent', 1, 1, 1, 1), ('m2', 'a2', 't', 'r', 'sent', 1, 1, 1, 1)");

        await bare.WriteAsync(transaction => _store.EraseAsync(transaction, "a1"));
        Assert.Equal(["m3", "m2"], Ids(await bare.ReadAsync(scope => _store.ListAsync(scope, null, 10))));

        Assert.Equal(1, await bare.WriteAsync(transaction => _store.PurgeAsync(transaction, before: 3, most: 10)));
        Assert.Equal(["m3"], Ids(await bare.ReadAsync(scope => _store.ListAsync(scope, null, 10))));
    }

    private static IEnumerable<string> Ids(IEnumerable<MailboxMail> mails) => mails.Select(mail => mail.Id);

    private Task AddAsync(BareDatabase bare, params (string Id, string Recipient, long SentAt)[] mails) => bare.WriteAsync(async transaction =>
    {
        foreach (var (id, recipient, sentAt) in mails)
        {
            await _store.AddAsync(transaction, new MailboxMail
            {
                Id = id,
                Recipient = recipient,
                Subject = "Hello",
                BodyText = "text",
                BodyHtml = "<p>",
                Link = "https://x",
                Code = "123456",
                SentAt = sentAt,
            });
        }
    });
}
