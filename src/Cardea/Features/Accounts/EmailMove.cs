namespace Cardea.Features.Accounts;

/// <summary>A change of address that whoever reads at the old one may undo.</summary>
public sealed class EmailMove
{
    public required string Id { get; init; }

    public required string AccountId { get; init; }

    public required string OldEmail { get; init; }

    public required string NewEmail { get; init; }

    public long CreatedAt { get; init; }

    public long ExpiresAt { get; init; }
}
