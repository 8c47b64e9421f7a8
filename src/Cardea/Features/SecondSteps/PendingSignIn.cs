namespace Cardea.Features.SecondSteps;

/// <summary>What a half-finished sign-in still needs.</summary>
public static class PendingStep
{
    public const string Factor = "factor";
    public const string Enrolment = "enrolment";

    /// <summary>Everything is proved; only the session limit stood in the way.</summary>
    public const string Room = "room";
}

/// <summary>A sign-in whose first proof was right. It opens nothing but its own next step.</summary>
public sealed class PendingSignIn
{
    public required string Id { get; init; }

    public required string AccountId { get; init; }

    public required string Step { get; init; }

    public required string Amr { get; init; }

    public bool UsedTemporaryPassword { get; init; }

    public long ExpiresAt { get; init; }
}
