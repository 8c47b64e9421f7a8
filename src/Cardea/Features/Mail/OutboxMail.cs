namespace Cardea.Features.Mail;

public sealed class OutboxMail
{
    public required string Id { get; init; }

    public string? AccountId { get; init; }

    public required string Template { get; init; }

    public required string Recipient { get; init; }

    public byte[]? Content { get; init; }

    public required string State { get; init; }

    public long Attempts { get; init; }

    public long NextAttemptAt { get; init; }

    public long SendBefore { get; init; }

    public long CreatedAt { get; init; }

    public long? FinishedAt { get; init; }

    public string? LastError { get; init; }
}

/// <summary>Where a mail is on its way; stored as these words.</summary>
public static class MailState
{
    public const string Queued = "queued";
    public const string Sent = "sent";
    public const string Parked = "parked";
}
