namespace Cardea.Features.Accounts;

/// <summary>An account as it is stored.</summary>
public sealed record Account
{
    public required string Id { get; init; }

    public required string Email { get; init; }

    public string? Username { get; init; }

    public string? GivenName { get; init; }

    public string? FamilyName { get; init; }

    public string? PasswordHash { get; init; }

    public long? PasswordChangedAt { get; init; }

    public bool PasswordChangeRequired { get; init; }

    public long? EmailVerifiedAt { get; init; }

    public long? DisabledAt { get; init; }

    /// <summary>An authenticator app or a passkey is set up. Written with them, so that a sign-in without any costs no look-up.</summary>
    public bool HasSecondFactor { get; init; }

    public long CreatedAt { get; init; }

    public long? LastLoginAt { get; init; }

    public bool IsVerified => EmailVerifiedAt is not null;

    public bool IsDisabled => DisabledAt is not null;

    public override string ToString() => $"[account {Id}]"; // it holds a password's hash, and who it is
}

/// <summary>An account and its roles, as they were at one moment.</summary>
public sealed record AccountSnapshot(Account Account, IReadOnlyList<string> Roles)
{
    public string Id => Account.Id;
}
