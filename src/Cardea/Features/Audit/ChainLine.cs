namespace Cardea.Features.Audit;

/// <summary>What the chain knows about one audit row: see <see cref="AuditCommitments"/>.</summary>
public sealed class ChainLine
{
    public required string EventId { get; init; }

    public byte[]? Facts { get; init; }

    public byte[]? Personal { get; init; }

    public byte[]? Salt { get; init; }

    public byte[]? Erased { get; init; }

    public long? Number { get; init; }

    public byte[]? Link { get; init; }
}

/// <summary>The end of the chain.</summary>
public sealed record ChainHead(long Number, string EventId, byte[] Link);
