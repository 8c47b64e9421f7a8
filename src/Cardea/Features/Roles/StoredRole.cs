namespace Cardea.Features.Roles;

public sealed class StoredRole
{
    public required string Name { get; init; }

    public required string Description { get; init; }

    public long CreatedAt { get; init; }
}
