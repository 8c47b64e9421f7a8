using Cardea.Foundation.Data;

namespace Cardea.Features.Mail;

public sealed class MailRequest
{
    public required string Id { get; init; }

    public required string Kind { get; init; }

    public required byte[] AskedFor { get; init; }
}

public sealed class MailRequestStore
{
    public Task AddAsync(Transaction transaction, MailRequest request, long now) => transaction.ExecuteAsync(
        "INSERT INTO mail_requests (id, kind, asked_for, created_at) VALUES (@Id, @Kind, @AskedFor, @now)", new { request.Id, request.Kind, request.AskedFor, now });

    public Task RemoveAsync(Transaction transaction, string id) => transaction.ExecuteAsync("DELETE FROM mail_requests WHERE id = @id", new { id });

    /// <remarks>Not IN: PostgreSQL may run that subquery anew for each row, and then passes over what it has locked and takes all there are.</remarks>
    public Task<MailRequest?> ConsumeNextAsync(Transaction transaction) => transaction.FindAsync<MailRequest>(
        $"""
        DELETE FROM mail_requests WHERE id = (SELECT id FROM mail_requests ORDER BY id LIMIT 1 {transaction.Dialect.ForUpdateSkipLocked})
        RETURNING id AS Id, kind AS Kind, asked_for AS AskedFor
        """);
}
