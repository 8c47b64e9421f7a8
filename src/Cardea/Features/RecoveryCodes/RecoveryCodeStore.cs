using Cardea.Foundation.Data;

namespace Cardea.Features.RecoveryCodes;

public sealed class RecoveryCodeStore
{
    public Task AddAsync(Transaction transaction, string id, string accountId, byte[] codeMac, long now) => transaction.ExecuteAsync(
        "INSERT INTO recovery_codes (id, account_id, code_mac, created_at) VALUES (@id, @accountId, @codeMac, @now)", new { id, accountId, codeMac, now });

    public async Task<bool> HasAsync(Scope scope, string accountId, byte[] codeMac) =>
        await scope.FindAsync<string>("SELECT id FROM recovery_codes WHERE account_id = @accountId AND code_mac = @codeMac", new { accountId, codeMac }) is not null;

    /// <summary>One statement decides: of any number of parallel callers one gets it.</summary>
    public async Task<bool> TryConsumeAsync(Transaction transaction, string accountId, byte[] codeMac) =>
        await transaction.ExecuteAsync("DELETE FROM recovery_codes WHERE account_id = @accountId AND code_mac = @codeMac", new { accountId, codeMac }) == 1;

    public Task<long> CountAsync(Scope scope, string accountId) =>
        scope.GetAsync<long>("SELECT COUNT(*) FROM recovery_codes WHERE account_id = @accountId", new { accountId });

    public Task<long> CountOwnersAsync(Scope scope) => scope.GetAsync<long>("SELECT COUNT(DISTINCT account_id) FROM recovery_codes");

    public Task<int> RemoveAllAsync(Transaction transaction, string accountId) =>
        transaction.ExecuteAsync("DELETE FROM recovery_codes WHERE account_id = @accountId", new { accountId });
}
