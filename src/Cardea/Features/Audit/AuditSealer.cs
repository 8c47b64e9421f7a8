using Cardea.Foundation.Data;

namespace Cardea.Features.Audit;

/// <summary>
/// Gives written rows their place in the chain. The order is that in which they are found, under a lock: ids are given before a commit, and
/// transactions don't commit in the order of their ids. What waits is sealed in batches, so that it never holds up what writes.
/// </summary>
public sealed class AuditSealer(Database database, AuditChainStore store, AuditCommitments commitments)
{
    private const int BatchSize = 200;

    /// <summary>Seals all that waits. A stop comes between two batches only: of what was sealed the caller must hear, to keep a checkpoint of it.</summary>
    /// <returns>The end of the chain if it has moved.</returns>
    public async Task<ChainHead?> SealAsync(CancellationToken stopping)
    {
        ChainHead? head = null;
        while (!stopping.IsCancellationRequested && await database.ReadAsync(store.AnyOpenAsync, CancellationToken.None))
        {
            head = await database.WriteAsync(SealBatchAsync, CancellationToken.None) ?? head;
        }

        return head;
    }

    private async Task<ChainHead?> SealBatchAsync(Transaction transaction)
    {
        await transaction.LockAsync("audit chain");
        var head = await store.FindHeadAsync(transaction);
        if (head is null)
        {
            await AdoptAsync(transaction);
        }

        var lines = new List<ChainLine>();
        foreach (var line in await store.ListOpenAsync(transaction, BatchSize))
        {
            var number = (head?.Number ?? 0) + 1;
            var link = commitments.Link(head, number, line);
            lines.Add(new() { EventId = line.EventId, Number = number, Link = link });
            head = new(number, line.EventId, link);
        }

        await store.SealAsync(transaction, lines);
        return head;
    }

    /// <summary>Rows from before there was a chain are believed as they are, once, before it begins.</summary>
    private async Task AdoptAsync(Transaction transaction)
    {
        while (await store.ListUncommittedAsync(transaction, BatchSize) is { Count: > 0 } rows)
        {
            await store.CommitAsync(transaction, [.. rows.Select(commitments.Commit)]);
        }
    }
}
