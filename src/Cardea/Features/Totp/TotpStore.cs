using Cardea.Foundation.Data;

namespace Cardea.Features.Totp;

public sealed class StoredTotp
{
    public required string AccountId { get; init; }

    public required byte[] Secret { get; init; }

    public long LastStep { get; init; }

    public long CreatedAt { get; init; }

    /// <summary>The session or waiting sign-in that began it: only that one is shown it again, and confirms it.</summary>
    public string? BegunBy { get; init; }

    public long? ConfirmedAt { get; init; }
}

public sealed class TotpStore
{
    private const string Columns = "account_id AS AccountId, secret AS Secret, last_step AS LastStep, created_at AS CreatedAt, begun_by AS BegunBy, confirmed_at AS ConfirmedAt";

    /// <summary>Replaces one that waits for its confirmation. False where one is confirmed: that one must be removed first.</summary>
    public async Task<bool> TryPutAsync(Transaction transaction, StoredTotp totp) => await transaction.ExecuteAsync(
        """
        INSERT INTO totp_secrets (account_id, secret, last_step, created_at, begun_by, confirmed_at) VALUES (@AccountId, @Secret, @LastStep, @CreatedAt, @BegunBy, NULL)
        ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, last_step = excluded.last_step, created_at = excluded.created_at, begun_by = excluded.begun_by
        WHERE totp_secrets.confirmed_at IS NULL
        """,
        new { totp.AccountId, totp.Secret, totp.LastStep, totp.CreatedAt, totp.BegunBy }) == 1;

    /// <summary>Ones whose owners have them in an app already.</summary>
    internal Task AddConfirmedAsync(Transaction transaction, IEnumerable<StoredTotp> totps) => transaction.AddRowsAsync(
        "totp_secrets", ["account_id", "secret", "last_step", "created_at", "confirmed_at"],
        totps.Select(object?[] (totp) => [totp.AccountId, totp.Secret, totp.LastStep, totp.CreatedAt, totp.ConfirmedAt]));

    internal Task<List<StoredTotp>> ListConfirmedAsync(Scope scope, IEnumerable<string> accountIds) =>
        scope.QueryManyAsync<StoredTotp>($"SELECT {Columns} FROM totp_secrets WHERE confirmed_at IS NOT NULL AND account_id IN ({{list}})", accountIds);

    public Task<StoredTotp?> FindAsync(Scope scope, string accountId) =>
        scope.FindAsync<StoredTotp>($"SELECT {Columns} FROM totp_secrets WHERE account_id = @accountId", new { accountId });

    public Task<long> CountAsync(Scope scope) => scope.GetAsync<long>("SELECT COUNT(*) FROM totp_secrets WHERE confirmed_at IS NOT NULL");

    /// <summary>The one statement that takes a code: neither its step nor an older one is taken after it.</summary>
    public async Task<bool> TryUseStepAsync(Transaction transaction, string accountId, long step) => await transaction.ExecuteAsync(
        "UPDATE totp_secrets SET last_step = @step WHERE account_id = @accountId AND last_step < @step AND confirmed_at IS NOT NULL", new { accountId, step }) == 1;

    /// <summary>Only the secret that was looked at: another may have taken its place since.</summary>
    public async Task<bool> TryConfirmAsync(Transaction transaction, string accountId, byte[] secret, string begunBy, long step, long now) => await transaction.ExecuteAsync(
        "UPDATE totp_secrets SET confirmed_at = @now, last_step = @step WHERE account_id = @accountId AND confirmed_at IS NULL AND secret = @secret AND begun_by = @begunBy AND last_step < @step",
        new { accountId, secret, begunBy, step, now }) == 1;

    public async Task<bool> TryRemoveAsync(Transaction transaction, string accountId) =>
        await transaction.ExecuteAsync("DELETE FROM totp_secrets WHERE account_id = @accountId AND confirmed_at IS NOT NULL", new { accountId }) == 1;

    public Task<int> RemoveAnyAsync(Transaction transaction, string accountId) =>
        transaction.ExecuteAsync("DELETE FROM totp_secrets WHERE account_id = @accountId", new { accountId });
}
