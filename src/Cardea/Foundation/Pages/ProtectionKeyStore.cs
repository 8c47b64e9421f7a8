using Cardea.Foundation.Data;

namespace Cardea.Foundation.Pages;

public sealed class ProtectionKeyStore
{
    public Task<List<byte[]>> ListAsync(Scope scope) => scope.QueryAsync<byte[]>("SELECT content FROM protection_keys ORDER BY id");

    public Task AddAsync(Transaction transaction, string id, byte[] content, long now) =>
        transaction.ExecuteAsync("INSERT INTO protection_keys (id, content, created_at) VALUES (@id, @content, @now)", new { id, content, now });
}
