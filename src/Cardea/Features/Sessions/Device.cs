namespace Cardea.Features.Sessions;

/// <summary>A browser or client that has signed in to an account before.</summary>
public sealed class Device
{
    public required string Id { get; init; }

    public required string AccountId { get; init; }

    public long CreatedAt { get; init; }

    public long LastSeenAt { get; init; }

    /// <summary>What it said it was when it was last seen; null for one from before that was kept.</summary>
    public string? UserAgent { get; init; }

    /// <summary>Its owner wants no second step here until then; null when they do.</summary>
    public long? TrustedUntil { get; init; }
}

/// <summary>A device as it was recognised.</summary>
/// <param name="ByToken">By the token that it keeps, which nobody else has; otherwise by where it comes from and what it says it is.</param>
public sealed record RecognisedDevice(Device Device, bool ByToken);
