using Cardea.Foundation.Data;

namespace Cardea.Features.Mail;

public sealed class OutboxStore
{
    private const string Columns =
        "id AS Id, account_id AS AccountId, template AS Template, recipient AS Recipient, content AS Content, state AS State, attempts AS Attempts, next_attempt_at AS NextAttemptAt, send_before AS SendBefore, created_at AS CreatedAt, finished_at AS FinishedAt, last_error AS LastError";

    public Task AddAsync(Transaction transaction, OutboxMail mail) => transaction.ExecuteAsync(
        """
        INSERT INTO outbox (id, account_id, template, recipient, content, state, attempts, next_attempt_at, send_before, created_at)
        VALUES (@Id, @AccountId, @Template, @Recipient, @Content, @State, 0, @NextAttemptAt, @SendBefore, @CreatedAt)
        """,
        mail);

    /// <summary>Takes due mails for this node until the lease ends. A node that dies gives them back by the clock.</summary>
    /// <remarks>The rows are picked once, apart: as a plain subquery PostgreSQL may pick anew for each row, and take more than was asked.</remarks>
    public Task<List<OutboxMail>> ClaimAsync(Transaction transaction, long now, long leaseEnd, int most) => transaction.QueryAsync<OutboxMail>(
        $"""
        WITH due AS MATERIALIZED (
            SELECT id FROM outbox WHERE state = 'queued' AND next_attempt_at <= @now ORDER BY next_attempt_at, id LIMIT @most {transaction.Dialect.ForUpdateSkipLocked})
        UPDATE outbox SET attempts = attempts + 1, next_attempt_at = @leaseEnd WHERE id IN (SELECT id FROM due)
        RETURNING {Columns}
        """,
        new { now, leaseEnd, most });

    /// <summary>Keeps a mail that is still being sent.</summary>
    public Task RenewAsync(Transaction transaction, string id, long leaseEnd) =>
        transaction.ExecuteAsync("UPDATE outbox SET next_attempt_at = @leaseEnd WHERE id = @id AND state = 'queued'", new { id, leaseEnd });

    /// <summary>Lets another node send it at once: this one stops, and the try was none.</summary>
    public Task GiveBackAsync(Transaction transaction, string id, long now) =>
        transaction.ExecuteAsync("UPDATE outbox SET next_attempt_at = @now, attempts = attempts - 1 WHERE id = @id AND state = 'queued'", new { id, now });

    /// <summary>
    /// The end of its way. A mail that was delivered is needed no more, and held a secret, perhaps; one that was parked keeps its sealed content, so that
    /// an administrator can send it after all. Of a mail that is no account's, such as the last one to
    /// who has left, nothing stays: there is nobody any more who could have its address erased.
    /// </summary>
    public async Task SetFinishedAsync(Transaction transaction, string id, string state, long now, string? error)
    {
        if (await transaction.ExecuteAsync("DELETE FROM outbox WHERE id = @id AND account_id IS NULL", new { id }) == 0)
        {
            await transaction.ExecuteAsync(
                "UPDATE outbox SET state = @state, content = CASE WHEN @state = 'sent' OR send_before <= @now THEN NULL ELSE content END, finished_at = @now, last_error = @error WHERE id = @id",
                new { id, state, now, error });
        }
    }

    public Task SetRetryAsync(Transaction transaction, string id, long at, string error) =>
        transaction.ExecuteAsync("UPDATE outbox SET next_attempt_at = @at, last_error = @error WHERE id = @id", new { id, at, error });

    /// <summary>Newest first.</summary>
    public Task<List<OutboxMail>> ListAsync(Scope scope, string? state, string before, int most) => scope.QueryAsync<OutboxMail>(
        $"SELECT {Columns} FROM outbox WHERE (@state IS NULL OR state = @state) AND id < @before ORDER BY id DESC LIMIT @most", new { state, before, most });

    public Task<OutboxMail?> FindAsync(Scope scope, string id) => scope.FindAsync<OutboxMail>($"SELECT {Columns} FROM outbox WHERE id = @id", new { id });

    /// <summary>Back into the queue, to be sent now; false when it is not parked, or its content is gone.</summary>
    public async Task<bool> TryRequeueAsync(Transaction transaction, string id, long now) => await transaction.ExecuteAsync(
        "UPDATE outbox SET state = 'queued', attempts = 0, next_attempt_at = @now, finished_at = NULL WHERE id = @id AND state <> 'sent' AND content IS NOT NULL AND send_before > @now",
        new { id, now }) == 1;

    public Task<List<(string State, long Count)>> CountByStateAsync(Scope scope) => scope.QueryAsync<(string, long)>("SELECT state, COUNT(*) FROM outbox GROUP BY state");

    public Task<long?> FindNextDueAsync(Scope scope) => scope.FindAsync<long?>("SELECT MIN(next_attempt_at) FROM outbox WHERE state = 'queued'");

    /// <summary>Mail that did not go out: given up lately, or tried in vain and still waiting.</summary>
    public async Task<(long Count, string? LastError)> CountTroubledAsync(Scope scope, long since)
    {
        const string troubled = "FROM outbox WHERE (state = 'queued' AND last_error IS NOT NULL) OR (state = 'parked' AND finished_at > @since)";
        return (await scope.GetAsync<long>($"SELECT COUNT(*) {troubled}", new { since }),
            await scope.FindAsync<string>($"SELECT last_error {troubled} ORDER BY id DESC LIMIT 1", new { since }));
    }

    public Task<List<OutboxMail>> ListOfAccountAsync(Scope scope, string accountId) =>
        scope.QueryAsync<OutboxMail>($"SELECT {Columns} FROM outbox WHERE account_id = @accountId ORDER BY id", new { accountId });

    /// <summary>A mail still on its way is let go: it tells of the deletion, and is emptied when it has been sent.</summary>
    public Task EraseAsync(Transaction transaction, string accountId) =>
        transaction.ExecuteAsync("DELETE FROM outbox WHERE account_id = @accountId", new { accountId });

    /// <summary>What nobody could be helped by any more, were it sent.</summary>
    public Task<int> EmptyAsync(Transaction transaction, long now, int most) => transaction.ExecuteAsync(
        "UPDATE outbox SET content = NULL WHERE id IN (SELECT id FROM outbox WHERE state = 'parked' AND content IS NOT NULL AND send_before <= @now LIMIT @most)", new { now, most });

    public Task<int> PurgeAsync(Transaction transaction, long before, int most) => transaction.ExecuteAsync(
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE finished_at < @before ORDER BY finished_at LIMIT @most)", new { before, most });
}
