using Cardea.Foundation.Data;

namespace Cardea.Features.SigningKeys;

public sealed class StoredSigningKey
{
    public required string Id { get; init; }

    public required string Algorithm { get; init; }

    public required byte[] PrivateKey { get; init; }

    public long CreatedAt { get; init; }

    public long SignsFrom { get; init; }

    public long? VerifiesUntil { get; init; }
}

public sealed class SigningKeyStore
{
    private const string Columns =
        "id AS Id, algorithm AS Algorithm, private_key AS PrivateKey, created_at AS CreatedAt, signs_from AS SignsFrom, verifies_until AS VerifiesUntil";

    public Task<List<StoredSigningKey>> ListLiveAsync(Scope scope, long now) => scope.QueryAsync<StoredSigningKey>(
        $"SELECT {Columns} FROM signing_keys WHERE verifies_until IS NULL OR verifies_until > @now ORDER BY signs_from, id", new { now });

    public Task AddAsync(Transaction transaction, StoredSigningKey key) => transaction.ExecuteAsync(
        "INSERT INTO signing_keys (id, algorithm, private_key, created_at, signs_from, verifies_until) VALUES (@Id, @Algorithm, @PrivateKey, @CreatedAt, @SignsFrom, @VerifiesUntil)", key);

    public Task SetVerifiesUntilAsync(Transaction transaction, string id, long until) =>
        transaction.ExecuteAsync("UPDATE signing_keys SET verifies_until = @until WHERE id = @id", new { id, until });

    public Task<int> PurgeAsync(Transaction transaction, long now, int most) => transaction.ExecuteAsync(
        "DELETE FROM signing_keys WHERE id IN (SELECT id FROM signing_keys WHERE verifies_until <= @now LIMIT @most)", new { now, most });
}
