using Cardea.Foundation.Data;

namespace Cardea.Features.SignIn;

public sealed class SignInNoticeStore
{
    private const string Columns =
        """
        id AS Id, account_id AS AccountId, session_id AS SessionId, device_id AS DeviceId, recipient AS Recipient, address AS Address, user_agent AS UserAgent,
        created_at AS CreatedAt, expires_at AS ExpiresAt, answered_at AS AnsweredAt, took_password AS TookPassword
        """;

    public Task AddAsync(Transaction transaction, SignInNotice notice, byte[] tokenHash) => transaction.ExecuteAsync(
        """
        INSERT INTO sign_in_notices (id, account_id, session_id, device_id, recipient, token_hash, address, user_agent, created_at, expires_at)
        VALUES (@Id, @AccountId, @SessionId, @DeviceId, @Recipient, @tokenHash, @Address, @UserAgent, @CreatedAt, @ExpiresAt)
        """,
        new { notice.Id, notice.AccountId, notice.SessionId, notice.DeviceId, notice.Recipient, tokenHash, notice.Address, notice.UserAgent, notice.CreatedAt, notice.ExpiresAt });

    public Task<SignInNotice?> FindLiveAsync(Scope scope, byte[] tokenHash, long now) =>
        scope.FindAsync<SignInNotice>($"SELECT {Columns} FROM sign_in_notices WHERE token_hash = @tokenHash AND expires_at > @now", new { tokenHash, now });

    /// <summary>The first answer, of any number of parallel ones.</summary>
    public async Task<bool> TryAnswerAsync(Transaction transaction, string id, bool tookPassword, long now) => await transaction.ExecuteAsync(
        "UPDATE sign_in_notices SET answered_at = @now, took_password = @tookPassword WHERE id = @id AND answered_at IS NULL", new { id, tookPassword = tookPassword ? 1 : 0, now }) == 1;

    public Task<List<SignInNotice>> ListOfAccountAsync(Scope scope, string accountId) =>
        scope.QueryAsync<SignInNotice>($"SELECT {Columns} FROM sign_in_notices WHERE account_id = @accountId ORDER BY id", new { accountId });

    public Task<int> PurgeAsync(Transaction transaction, long now, int most) => transaction.ExecuteAsync(
        "DELETE FROM sign_in_notices WHERE id IN (SELECT id FROM sign_in_notices WHERE expires_at <= @now ORDER BY expires_at LIMIT @most)", new { now, most });
}
