using Cardea.Foundation.Data;

namespace Cardea.Features.Accounts;

public sealed class EmailMoveStore
{
    private const string Columns = "id AS Id, account_id AS AccountId, old_email AS OldEmail, new_email AS NewEmail, created_at AS CreatedAt, expires_at AS ExpiresAt";

    public Task AddAsync(Transaction transaction, EmailMove move, byte[] tokenHash) => transaction.ExecuteAsync(
        """
        INSERT INTO email_changes (id, account_id, old_email, new_email, token_hash, created_at, expires_at)
        VALUES (@Id, @AccountId, @OldEmail, @NewEmail, @tokenHash, @CreatedAt, @ExpiresAt)
        """,
        new { move.Id, move.AccountId, move.OldEmail, move.NewEmail, tokenHash, move.CreatedAt, move.ExpiresAt });

    public Task<EmailMove?> FindLiveAsync(Scope scope, byte[] tokenHash, long now) =>
        scope.FindAsync<EmailMove>($"SELECT {Columns} FROM email_changes WHERE token_hash = @tokenHash AND expires_at > @now", new { tokenHash, now });

    /// <summary>The one statement that uses a link up: of any number of parallel callers one does.</summary>
    public async Task<bool> TryRemoveAsync(Transaction transaction, string id) =>
        await transaction.ExecuteAsync("DELETE FROM email_changes WHERE id = @id", new { id }) == 1;

    public Task RemoveAllAsync(Transaction transaction, string accountId) =>
        transaction.ExecuteAsync("DELETE FROM email_changes WHERE account_id = @accountId", new { accountId });

    public Task<List<EmailMove>> ListOfAccountAsync(Scope scope, string accountId) =>
        scope.QueryAsync<EmailMove>($"SELECT {Columns} FROM email_changes WHERE account_id = @accountId ORDER BY id", new { accountId });

    public Task<int> PurgeAsync(Transaction transaction, long now, int most) => transaction.ExecuteAsync(
        "DELETE FROM email_changes WHERE id IN (SELECT id FROM email_changes WHERE expires_at <= @now ORDER BY expires_at LIMIT @most)", new { now, most });
}
