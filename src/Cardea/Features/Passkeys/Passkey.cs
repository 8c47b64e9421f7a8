namespace Cardea.Features.Passkeys;

/// <summary>A passkey as it is stored: what its authenticator gave at registration, and what it said last.</summary>
public sealed class Passkey
{
    public required string Id { get; init; }

    public required string AccountId { get; init; }

    public required byte[] CredentialId { get; init; }

    public required byte[] PublicKey { get; init; }

    public required string Name { get; init; }

    public long SignCount { get; init; }

    public required string Transports { get; init; }

    /// <summary>It has verified its owner while another proof stood beside it. One that never did is a second step and no sign-in of its own.</summary>
    public bool IsUserVerified { get; init; }

    public bool IsBackupEligible { get; init; }

    public bool IsBackedUp { get; init; }

    public long CreatedAt { get; init; }

    public long? LastUsedAt { get; init; }

    /// <summary>RFC 8176 section 2: what can be copied to other devices is a key in software, whatever guards it; <c>user</c> is the touch that every use needs.</summary>
    public string[] Amr => [IsBackupEligible ? "swk" : "hwk", "user"];
}
