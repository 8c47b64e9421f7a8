using Cardea.Foundation.Data;

namespace Cardea.Features.Passkeys;

public sealed class PasskeyStore
{
    private const string Columns =
        """
        id AS Id, account_id AS AccountId, credential_id AS CredentialId, public_key AS PublicKey, name AS Name, sign_count AS SignCount, transports AS Transports,
        is_user_verified AS IsUserVerified, is_backup_eligible AS IsBackupEligible, is_backed_up AS IsBackedUp, created_at AS CreatedAt, last_used_at AS LastUsedAt
        """;

    /// <summary>Keeps the handle that is there; of parallel callers all get the same.</summary>
    public async Task<string> EnsureHandleAsync(Transaction transaction, string accountId, string fresh, long now)
    {
        await transaction.ExecuteAsync(
            "INSERT INTO passkey_users (account_id, user_handle, created_at) VALUES (@accountId, @fresh, @now) ON CONFLICT (account_id) DO NOTHING", new { accountId, fresh, now });
        return (await FindHandleAsync(transaction, accountId))!;
    }

    public Task<string?> FindHandleAsync(Scope scope, string accountId) =>
        scope.FindAsync<string>("SELECT user_handle FROM passkey_users WHERE account_id = @accountId", new { accountId });

    /// <summary>False where the credential is registered already, to whomever.</summary>
    public async Task<bool> TryAddAsync(Transaction transaction, Passkey passkey) => await transaction.ExecuteAsync(
        """
        INSERT INTO passkeys (id, account_id, credential_id, public_key, name, sign_count, transports, is_user_verified, is_backup_eligible, is_backed_up, created_at, last_used_at)
        VALUES (@Id, @AccountId, @CredentialId, @PublicKey, @Name, @SignCount, @Transports, @isUserVerified, @isBackupEligible, @isBackedUp, @CreatedAt, NULL)
        ON CONFLICT (credential_id) DO NOTHING
        """,
        new
        {
            passkey.Id,
            passkey.AccountId,
            passkey.CredentialId,
            passkey.PublicKey,
            passkey.Name,
            passkey.SignCount,
            passkey.Transports,
            isUserVerified = passkey.IsUserVerified ? 1 : 0,
            isBackupEligible = passkey.IsBackupEligible ? 1 : 0,
            isBackedUp = passkey.IsBackedUp ? 1 : 0,
            passkey.CreatedAt,
        }) == 1;

    public Task<long> CountOwnersAsync(Scope scope) => scope.GetAsync<long>("SELECT COUNT(DISTINCT account_id) FROM passkeys");

    public Task<List<Passkey>> ListAsync(Scope scope, string accountId) =>
        scope.QueryAsync<Passkey>($"SELECT {Columns} FROM passkeys WHERE account_id = @accountId ORDER BY id", new { accountId });

    public Task<Passkey?> FindAsync(Scope scope, string accountId, string id) =>
        scope.FindAsync<Passkey>($"SELECT {Columns} FROM passkeys WHERE account_id = @accountId AND id = @id", new { accountId, id });

    public Task<Passkey?> FindByCredentialAsync(Scope scope, byte[] credentialId) =>
        scope.FindAsync<Passkey>($"SELECT {Columns} FROM passkeys WHERE credential_id = @credentialId", new { credentialId });

    /// <summary>
    /// Writes down what an accepted assertion said. False where the passkey is gone, or where its counter has moved past this one since it was
    /// looked at: then a copy of it was faster. An authenticator that doesn't count says 0 for ever.
    /// </summary>
    public async Task<bool> TryUseAsync(Transaction transaction, string id, long signCount, bool isBackedUp, bool isUserVerified, long now) => await transaction.ExecuteAsync(
        """
        UPDATE passkeys SET sign_count = @signCount, is_backed_up = @isBackedUp, is_user_verified = @isUserVerified, last_used_at = @now
        WHERE id = @id AND (sign_count < @signCount OR (sign_count = 0 AND @signCount = 0))
        """,
        new { id, signCount, isBackedUp = isBackedUp ? 1 : 0, isUserVerified = isUserVerified ? 1 : 0, now }) == 1;

    public async Task<bool> TryRenameAsync(Transaction transaction, string accountId, string id, string name) =>
        await transaction.ExecuteAsync("UPDATE passkeys SET name = @name WHERE account_id = @accountId AND id = @id", new { accountId, id, name }) == 1;

    public async Task<bool> TryRemoveAsync(Transaction transaction, string accountId, string id) =>
        await transaction.ExecuteAsync("DELETE FROM passkeys WHERE account_id = @accountId AND id = @id", new { accountId, id }) == 1;

    /// <summary>The handle too: what lies in a stranger's authenticator must mean nothing here any more.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> RemoveAllAsync(Transaction transaction, string accountId)
    {
        await transaction.ExecuteAsync("DELETE FROM passkey_users WHERE account_id = @accountId", new { accountId });
        return await transaction.ExecuteAsync("DELETE FROM passkeys WHERE account_id = @accountId", new { accountId });
    }

    /// <summary>One statement decides: of any number of parallel callers with the same challenge one gets it.</summary>
    public async Task<bool> TryUseChallengeAsync(Transaction transaction, byte[] challengeHash, long expiresAt) => await transaction.ExecuteAsync(
        "INSERT INTO webauthn_challenges (challenge_hash, expires_at) VALUES (@challengeHash, @expiresAt) ON CONFLICT (challenge_hash) DO NOTHING", new { challengeHash, expiresAt }) == 1;

    public Task<int> PurgeChallengesAsync(Transaction transaction, long before, int most) => transaction.ExecuteAsync(
        "DELETE FROM webauthn_challenges WHERE challenge_hash IN (SELECT challenge_hash FROM webauthn_challenges WHERE expires_at <= @before ORDER BY expires_at LIMIT @most)", new { before, most });
}
