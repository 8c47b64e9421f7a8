using System.Diagnostics.Metrics;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Audit;

/// <summary>
/// Writes what happened in the transaction in which it happened: if the row can't be written, the change isn't made either. What the client
/// was told can be less than what is written here.
/// </summary>
public sealed class AuditLog(AuditStore store, AuditCommitments commitments, TimeProvider clock, IMeterFactory meters)
{
    private readonly Counter<long> _events = meters.Create(Telemetry.Name).CreateCounter<long>("cardea.audit.events", "{event}", "Audit events by name");

    public async Task RecordAsync(
        Transaction transaction, AuditKind kind, string? accountId, ClientInfo client, object? detail = null, string? sessionId = null, string? actorId = null)
    {
        var row = new AuditEvent
        {
            Id = Id.New(clock),
            Event = kind.Name,
            At = clock.Milliseconds(),
            AccountId = accountId,
            ActorId = actorId ?? client.Actor,
            SessionId = sessionId,
            Address = client.Address,
            UserAgent = client.UserAgent,
            RequestId = client.RequestId,
            Detail = detail is null ? null : JsonSerializer.Serialize(detail, CardeaJson.Writing),
        };
        await store.AddAsync(transaction, row, commitments.Commit(row));
        transaction.AfterCommit(() => _events.Add(1, new KeyValuePair<string, object?>("event", kind.Name)));
    }
}
