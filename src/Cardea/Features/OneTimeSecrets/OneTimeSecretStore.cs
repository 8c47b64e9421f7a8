using Cardea.Foundation.Data;

namespace Cardea.Features.OneTimeSecrets;

public sealed class OneTimeSecretStore
{
    private const string Columns =
        "id AS Id, account_id AS AccountId, purpose AS Purpose, code_mac AS CodeMac, token_expires_at AS TokenExpiresAt, code_expires_at AS CodeExpiresAt, code_tries_left AS CodeTriesLeft, target AS Target, created_at AS CreatedAt";

    public Task PutAsync(Transaction transaction, StoredSecret secret) => transaction.ExecuteAsync(
        """
        INSERT INTO one_time_secrets (id, account_id, purpose, token_hash, token_expires_at, code_mac, code_expires_at, code_tries_left, target, bound_to, created_at)
        VALUES (@Id, @AccountId, @Purpose, @TokenHash, @TokenExpiresAt, @CodeMac, @CodeExpiresAt, @CodeTriesLeft, @Target, @BoundTo, @CreatedAt)
        ON CONFLICT (account_id, purpose) DO UPDATE SET
            id = excluded.id, token_hash = excluded.token_hash, token_expires_at = excluded.token_expires_at, code_mac = excluded.code_mac,
            code_expires_at = excluded.code_expires_at, code_tries_left = excluded.code_tries_left, target = excluded.target, bound_to = excluded.bound_to, created_at = excluded.created_at
        """,
        secret);

    public Task<CheckedSecret?> FindLiveAsync(Scope scope, string purpose, byte[] hash, long now) => scope.FindAsync<CheckedSecret>(
        "SELECT id AS Id, account_id AS AccountId, target AS Target FROM one_time_secrets WHERE token_hash = @hash AND purpose = @purpose AND token_expires_at > @now",
        new { hash, purpose, now });

    public Task<List<string>> ListAccountsAsync(Scope scope, string purpose, string target) =>
        scope.QueryAsync<string>("SELECT account_id FROM one_time_secrets WHERE purpose = @purpose AND target = @target ORDER BY created_at DESC LIMIT 5", new { purpose, target });

    /// <summary>Uses up a try, where whoever types the code is one that it could work for.</summary>
    /// <remarks>
    /// A row that names another id than its own was put in the older one's place by a node that does not know the column, and says nothing.
    /// </remarks>
    public Task<StoredSecret?> TryCodeAsync(Transaction transaction, string accountId, string purpose, long now, string? binding = null) => transaction.FindAsync<StoredSecret>(
        $"""
        UPDATE one_time_secrets SET code_tries_left = code_tries_left - 1
        WHERE account_id = @accountId AND purpose = @purpose AND code_expires_at > @now AND code_tries_left > 0 AND code_mac IS NOT NULL
            AND (bound_to IS NULL OR substr(bound_to, 1, length(id)) <> id OR bound_to = id || @binding)
        RETURNING {Columns}
        """,
        new { accountId, purpose, now, binding });

    public async Task<bool> IsLiveAsync(Scope scope, string id, long now) => await scope.FindAsync<string>(
        "SELECT id FROM one_time_secrets WHERE id = @id AND (token_expires_at > @now OR code_expires_at > @now)", new { id, now }) is not null;

    public async Task<bool> TryRemoveAsync(Transaction transaction, string id) =>
        await transaction.ExecuteAsync("DELETE FROM one_time_secrets WHERE id = @id", new { id }) == 1;

    public Task VoidAsync(Transaction transaction, string accountId, string purpose) =>
        transaction.ExecuteAsync("DELETE FROM one_time_secrets WHERE account_id = @accountId AND purpose = @purpose", new { accountId, purpose });

    public Task VoidAllAsync(Transaction transaction, string accountId) =>
        transaction.ExecuteAsync("DELETE FROM one_time_secrets WHERE account_id = @accountId", new { accountId });

    public Task<List<StoredSecret>> ListOfAccountAsync(Scope scope, string accountId) =>
        scope.QueryAsync<StoredSecret>($"SELECT {Columns} FROM one_time_secrets WHERE account_id = @accountId ORDER BY id", new { accountId });

    public Task<int> PurgeAsync(Transaction transaction, long now, int most) => transaction.ExecuteAsync(
        "DELETE FROM one_time_secrets WHERE id IN (SELECT id FROM one_time_secrets WHERE token_expires_at <= @now AND code_expires_at <= @now LIMIT @most)", new { now, most });
}
