namespace Cardea.Features.Sessions;

/// <summary>A sign-in that lasts. Opaque to its holder: what a token says of it counts only while this row is there.</summary>
public sealed class Session
{
    public required string Id { get; init; }

    public required string AccountId { get; init; }

    public string? DeviceId { get; init; }

    public long CreatedAt { get; init; }

    public long AuthenticatedAt { get; init; }

    /// <summary>When a second factor was last proved in it; null when never.</summary>
    public long? FactorAt { get; init; }

    public long LastSeenAt { get; init; }

    public long ExpiresAt { get; init; }

    /// <summary>How it was proved: words of RFC 8176 with spaces between them.</summary>
    public required string Amr { get; init; }

    public required string Address { get; init; }

    public required string UserAgent { get; init; }

    public required byte[] RefreshHash { get; init; }

    public long RefreshCounter { get; init; }

    public long RefreshedAt { get; init; }

    /// <summary>SHA-256 of the secret in the cookie; null for a session of tokens.</summary>
    public byte[]? CookieHash { get; init; }

    /// <summary>The administrator who views the account by it; null for a session of the owner.</summary>
    public string? ActorId { get; init; }

    /// <summary>The administrator's own session, with which this one ends.</summary>
    public string? ActorSessionId { get; init; }

    public bool IsViewing => ActorId is not null;

    public IReadOnlyList<string> AmrWords => Amr.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>A session that is no more.</summary>
public sealed class EndedSession
{
    public required string Id { get; init; }

    public required string AccountId { get; init; }

    public string? ActorId { get; init; }
}

/// <summary>Whether an administrator may still view an account by this session. The room that lets them begin is the one that knows.</summary>
public delegate ValueTask<bool> MayStillView(Session session);
