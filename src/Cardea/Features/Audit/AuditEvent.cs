namespace Cardea.Features.Audit;

public sealed class AuditEvent
{
    public required string Id { get; init; }

    public required string Event { get; init; }

    public required long At { get; init; }

    public string? AccountId { get; init; }

    public string? ActorId { get; init; }

    public string? SessionId { get; init; }

    public string? Address { get; init; }

    public string? UserAgent { get; init; }

    public string? RequestId { get; init; }

    public string? Detail { get; init; }
}
