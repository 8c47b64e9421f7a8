using System.Text.Json;
using Cardea.Foundation.Data;

namespace Cardea.Features.Audit;

/// <summary>An audit event as its account's owner sees it.</summary>
public sealed record AuditEventBody(string Id, string Event, DateTimeOffset At, string? SessionId, string? Address, string? UserAgent, string? RequestId, JsonElement? Detail)
{
    public static AuditEventBody Of(AuditEvent row) => new(
        row.Id, row.Event, row.At.ToInstant(), row.SessionId, row.Address, row.UserAgent, row.RequestId,
        row.Detail is null ? null : JsonSerializer.Deserialize<JsonElement>(row.Detail));
}
