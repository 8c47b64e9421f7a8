using Cardea.Foundation.Data;

namespace Cardea.Features.Audit;

/// <summary>The first row that is not as it was.</summary>
/// <param name="EventId">Its id; null when it is not known any more.</param>
public sealed record AuditFault(string? EventId, string What);

/// <param name="Rows">How many were looked at.</param>
/// <param name="Erased">How many of them tell of a person who was erased since.</param>
/// <param name="Checkpoints">How many stood outside the database to compare with.</param>
public sealed record AuditVerdict(long Rows, long Erased, int Checkpoints, AuditFault? Fault);

/// <summary>Goes along the whole chain, beside whatever is being written, and then holds its end against what was kept outside the database.</summary>
public sealed class AuditVerification(Database database, AuditSealer sealer, AuditChainStore store, AuditCommitments commitments, AuditSigner signer, AuditCheckpointFile file)
{
    private const int BatchSize = 1000;

    public async Task<AuditVerdict> VerifyAsync(Action<long>? progress, CancellationToken cancellation)
    {
        await sealer.SealAsync(cancellation);
        var checkpoints = file.Read();
        var (erased, head) = (0L, (ChainHead?)null);
        while (await database.ReadAsync(scope => store.ListSealedAsync(scope, head?.Number ?? 0, BatchSize), cancellation) is { Count: > 0 } rows)
        {
            foreach (var row in rows)
            {
                if (await FindFaultAsync(head, row) is { } fault)
                {
                    return new(head?.Number ?? 0, erased, checkpoints.Count, fault);
                }

                erased += row.Salt is null ? 1 : 0;
                head = new(row.Number!.Value, row.EventId, row.Link!);
            }

            if (rows.Count == BatchSize)
            {
                progress?.Invoke(head!.Number);
            }
        }

        return new(head?.Number ?? 0, erased, checkpoints.Count, await FindAtEndAsync(cancellation) ?? await CompareAsync(checkpoints, head, cancellation));
    }

    private async Task<AuditFault?> FindFaultAsync(ChainHead? before, SealedRow row)
    {
        var number = (before?.Number ?? 0) + 1;
        if (row.Number != number)
        {
            return new(await database.ReadAsync(store.FindStrangerAsync), $"was taken out of the chain: after number {number - 1} comes {row.Number} ({row.EventId})");
        }

        return row.Row is null ? new(row.EventId, "was removed")
            : !commitments.Holds(row.Line, row.Row) ? new(row.EventId, "was changed")
            : row.Link is null || !AuditCommitments.Same(row.Link, commitments.Link(before, number, row.Line)) ? new(row.EventId, "has another place in the chain than it had")
            : null;
    }

    /// <summary>What is not in the chain: rows that are too new, which hold by themselves, and rows that nobody here has written.</summary>
    private async Task<AuditFault?> FindAtEndAsync(CancellationToken cancellation)
    {
        foreach (var row in await database.ReadAsync(store.ListUnsealedAsync, cancellation))
        {
            if (row.Row is null || !commitments.Holds(row.Line, row.Row))
            {
                return new(row.EventId, row.Row is null ? "was removed" : "was changed");
            }
        }

        return await database.ReadAsync(store.FindStrangerAsync, cancellation) is { } stranger ? new(stranger, "was not written by this program") : null;
    }

    private async Task<AuditFault?> CompareAsync(IReadOnlyList<AuditCheckpoint> checkpoints, ChainHead? head, CancellationToken cancellation)
    {
        foreach (var checkpoint in checkpoints.OrderBy(checkpoint => checkpoint.Number))
        {
            if (!signer.Verifies(checkpoint))
            {
                return new(null, $"The checkpoint of number {checkpoint.Number} in {file.Path} was not signed under this master key.");
            }

            if (await database.ReadAsync(scope => store.FindLinkAsync(scope, checkpoint.Number), cancellation) is not { } link)
            {
                return new(checkpoint.EventId, $"was cut off, it or rows before it: it had number {checkpoint.Number}, and the chain ends at {head?.Number ?? 0} ({head?.EventId ?? "nothing"})");
            }

            if (Convert.ToHexStringLower(link) != checkpoint.Hash)
            {
                return new(checkpoint.EventId, "was replaced: the chain was cut off before it, and went on differently");
            }
        }

        return null;
    }
}
