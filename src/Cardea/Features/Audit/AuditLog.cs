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

    public Task RecordAsync(Transaction transaction, AuditKind kind, string? accountId, ClientInfo client, object? detail = null, string? sessionId = null, string? actorId = null) =>
        RecordAsync(transaction, kind, accountId, client, detail, isKept: true, sessionId, actorId);

    /// <param name="transaction">In which it happened.</param>
    /// <param name="kind">What happened.</param>
    /// <param name="accountId">To whom.</param>
    /// <param name="client">From where.</param>
    /// <param name="detail">More about it.</param>
    /// <param name="isKept">False for what is only counted, being one of very many: all is done as for a row, and none is there in the end. The metric counts it.</param>
    /// <param name="sessionId">In which session.</param>
    /// <param name="actorId">Who did it, where that is somebody else.</param>
    public async Task RecordAsync(
        Transaction transaction, AuditKind kind, string? accountId, ClientInfo client, object? detail, bool isKept, string? sessionId = null, string? actorId = null)
    {
        var row = Row(kind, accountId, client, detail, sessionId, actorId);
        await store.AddAsync(transaction, row, commitments.Commit(row), isKept);
        transaction.AfterCommit(() => Count(kind, 1));
    }

    /// <summary>The same event of many accounts at once.</summary>
    public async Task RecordAllAsync(Transaction transaction, AuditKind kind, IEnumerable<(string AccountId, object? Detail)> events, ClientInfo client, string? actorId)
    {
        var rows = events.Select(one => Row(kind, one.AccountId, client, one.Detail, null, actorId)).Select(row => (row, commitments.Commit(row))).ToList();
        await store.AddAllAsync(transaction, rows);
        transaction.AfterCommit(() => Count(kind, rows.Count));
    }

    private void Count(AuditKind kind, int count) => _events.Add(count, new KeyValuePair<string, object?>("event", kind.Name));

    private AuditEvent Row(AuditKind kind, string? accountId, ClientInfo client, object? detail, string? sessionId, string? actorId) =>
        new()
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
}
