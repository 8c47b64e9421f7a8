using Cardea.Foundation.Data;

namespace Cardea.Features.Transfers;

public sealed class ImportedRowStore
{
    internal async Task<HashSet<UInt128>> ListKnownAsync(Scope scope, IEnumerable<byte[]> hashes) =>
        [.. (await scope.QueryManyAsync<byte[]>("SELECT source_hash FROM imported_rows WHERE source_hash IN ({list})", hashes)).Select(hash => SourceKey.Short(hash))];

    internal Task AddAllAsync(Transaction transaction, IEnumerable<byte[]> hashes, long now) =>
        transaction.AddRowsAsync("imported_rows", ["source_hash", "imported_at"], hashes.Select(object?[] (hash) => [hash, now]));
}
