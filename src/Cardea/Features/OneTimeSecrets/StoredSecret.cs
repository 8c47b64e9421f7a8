namespace Cardea.Features.OneTimeSecrets;

public sealed class StoredSecret
{
    public required string Id { get; init; }

    public required string AccountId { get; init; }

    public required string Purpose { get; init; }

    public byte[]? TokenHash { get; init; }

    public long TokenExpiresAt { get; init; }

    public byte[]? CodeMac { get; init; }

    public long CodeExpiresAt { get; init; }

    public long CodeTriesLeft { get; init; }

    public string? Target { get; init; }

    /// <summary>See <see cref="OneTimeSecretStore.TryCodeAsync"/>.</summary>
    public string? BoundTo { get; init; }

    public long CreatedAt { get; init; }
}
