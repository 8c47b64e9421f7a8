namespace Cardea.Features.SignIn;

/// <summary>A mail that told of a sign-in, and what its link may answer.</summary>
public sealed class SignInNotice
{
    public required string Id { get; init; }

    public required string AccountId { get; init; }

    public required string SessionId { get; init; }

    public string? DeviceId { get; init; }

    public required string Recipient { get; init; }

    public required string Address { get; init; }

    public required string UserAgent { get; init; }

    public long CreatedAt { get; init; }

    public long ExpiresAt { get; init; }

    /// <summary>When its reader said that it was somebody else; null while nobody did.</summary>
    public long? AnsweredAt { get; init; }

    /// <summary>The account's password ended with that answer.</summary>
    public bool TookPassword { get; init; }
}
