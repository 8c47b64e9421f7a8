using Cardea.Foundation.Data;

namespace Cardea.Features.SecondSteps;

public sealed class PendingSignInStore
{
    private const string Columns = "id AS Id, account_id AS AccountId, step AS Step, amr AS Amr, used_temporary_password AS UsedTemporaryPassword, expires_at AS ExpiresAt";

    public Task AddAsync(Transaction transaction, PendingSignIn pending, byte[] tokenHash, long now) => transaction.ExecuteAsync(
        """
        INSERT INTO pending_sign_ins (id, account_id, token_hash, step, amr, used_temporary_password, created_at, expires_at)
        VALUES (@Id, @AccountId, @tokenHash, @Step, @Amr, @usedTemporaryPassword, @now, @ExpiresAt)
        """,
        new { pending.Id, pending.AccountId, tokenHash, pending.Step, pending.Amr, usedTemporaryPassword = pending.UsedTemporaryPassword ? 1 : 0, now, pending.ExpiresAt });

    public Task<PendingSignIn?> FindLiveByTokenAsync(Scope scope, byte[] tokenHash, long now) =>
        scope.FindAsync<PendingSignIn>($"SELECT {Columns} FROM pending_sign_ins WHERE token_hash = @tokenHash AND expires_at > @now", new { tokenHash, now });

    public Task<PendingSignIn?> FindLiveAsync(Scope scope, string id, long now) =>
        scope.FindAsync<PendingSignIn>($"SELECT {Columns} FROM pending_sign_ins WHERE id = @id AND expires_at > @now", new { id, now });

    /// <summary>The one statement that moves a step on: of any number of parallel callers one does.</summary>
    public async Task<bool> TryMoveAsync(Transaction transaction, string id, string from, string to, string amr, long now) => await transaction.ExecuteAsync(
        "UPDATE pending_sign_ins SET step = @to, amr = @amr WHERE id = @id AND step = @from AND expires_at > @now", new { id, from, to, amr, now }) == 1;

    public Task RemoveAsync(Transaction transaction, string id) => transaction.ExecuteAsync("DELETE FROM pending_sign_ins WHERE id = @id", new { id });

    public Task RemoveAllAsync(Transaction transaction, string accountId, string? except) =>
        transaction.ExecuteAsync("DELETE FROM pending_sign_ins WHERE account_id = @accountId AND id <> @except", new { accountId, except = except ?? "" });

    public Task RemoveAllButNewestAsync(Transaction transaction, string accountId, int kept) => transaction.ExecuteAsync(
        "DELETE FROM pending_sign_ins WHERE account_id = @accountId AND id NOT IN (SELECT id FROM pending_sign_ins WHERE account_id = @accountId ORDER BY created_at DESC, id DESC LIMIT @kept)",
        new { accountId, kept });

    public Task<List<PendingSignIn>> ListOfAccountAsync(Scope scope, string accountId) =>
        scope.QueryAsync<PendingSignIn>($"SELECT {Columns} FROM pending_sign_ins WHERE account_id = @accountId ORDER BY id", new { accountId });

    public Task<int> PurgeAsync(Transaction transaction, long now, int most) => transaction.ExecuteAsync(
        "DELETE FROM pending_sign_ins WHERE id IN (SELECT id FROM pending_sign_ins WHERE expires_at <= @now ORDER BY expires_at LIMIT @most)", new { now, most });
}
