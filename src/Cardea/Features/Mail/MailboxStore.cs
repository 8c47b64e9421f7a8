using Cardea.Foundation.Data;

namespace Cardea.Features.Mail;

public sealed class MailboxMail
{
    public required string Id { get; init; }

    public required string Recipient { get; init; }

    public required string Subject { get; init; }

    public required string BodyText { get; init; }

    public required string BodyHtml { get; init; }

    /// <summary>One to a line.</summary>
    public string? Link { get; init; }

    public IReadOnlyList<string> Links => Link?.Split('\n') ?? [];

    public string? Code { get; init; }

    public long SentAt { get; init; }
}

public sealed class MailboxStore
{
    private const string Columns =
        "id AS Id, recipient AS Recipient, subject AS Subject, body_text AS BodyText, body_html AS BodyHtml, link AS Link, code AS Code, sent_at AS SentAt";

    public Task AddAsync(Transaction transaction, MailboxMail mail) => transaction.ExecuteAsync(
        """
        INSERT INTO mailbox (id, recipient, subject, body_text, body_html, link, code, sent_at)
        VALUES (@Id, @Recipient, @Subject, @BodyText, @BodyHtml, @Link, @Code, @SentAt) ON CONFLICT (id) DO NOTHING
        """,
        mail);

    public Task<List<MailboxMail>> ListAsync(Scope scope, string? recipient, int most) => recipient is null
        ? scope.QueryAsync<MailboxMail>($"SELECT {Columns} FROM mailbox ORDER BY id DESC LIMIT @most", new { most })
        : scope.QueryAsync<MailboxMail>($"SELECT {Columns} FROM mailbox WHERE recipient = @recipient ORDER BY id DESC LIMIT @most", new { recipient, most });

    public Task<MailboxMail?> FindAsync(Scope scope, string id) => scope.FindAsync<MailboxMail>($"SELECT {Columns} FROM mailbox WHERE id = @id", new { id });

    /// <summary>What was mailed to the account; only the last mail, which tells of its end, comes after.</summary>
    public Task EraseAsync(Transaction transaction, string accountId) => transaction.ExecuteAsync(
        "DELETE FROM mailbox WHERE id IN (SELECT id FROM outbox WHERE account_id = @accountId)", new { accountId });

    public Task<int> PurgeAsync(Transaction transaction, long before, int most) => transaction.ExecuteAsync(
        "DELETE FROM mailbox WHERE id IN (SELECT id FROM mailbox WHERE sent_at < @before ORDER BY sent_at LIMIT @most)", new { before, most });
}
