using Cardea.Foundation.Data;

namespace Cardea.Features.Audit;

public sealed class AuditStore
{
    private const string Columns =
        "id AS Id, event AS Event, at AS At, account_id AS AccountId, actor_id AS ActorId, session_id AS SessionId, address AS Address, user_agent AS UserAgent, request_id AS RequestId, detail AS Detail";

    public Task AddAsync(Transaction transaction, AuditEvent row) => transaction.ExecuteAsync(
        """
        INSERT INTO audit_events (id, event, at, account_id, actor_id, session_id, address, user_agent, request_id, detail)
        VALUES (@Id, @Event, @At, @AccountId, @ActorId, @SessionId, @Address, @UserAgent, @RequestId, @Detail)
        """,
        row);

    public Task<List<AuditEvent>> ListOfAccountAsync(Scope scope, string accountId) =>
        scope.QueryAsync<AuditEvent>($"SELECT {Columns} FROM audit_events WHERE account_id = @accountId ORDER BY id", new { accountId });

    /// <summary>Newest first; of one account those that it did and those that were done to it.</summary>
    public Task<List<AuditEvent>> ListAsync(Scope scope, string? accountId, string? kind, long? from, long? to, string before, int most) => scope.QueryAsync<AuditEvent>(
        $"""
        SELECT {Columns} FROM audit_events
        WHERE id < @before AND id >= @firstId {(accountId is null ? "" : "AND (account_id = @accountId OR actor_id = @accountId)")} {(kind is null ? "" : "AND event = @kind")}
            {(from is null ? "" : "AND at >= @from")} {(to is null ? "" : "AND at < @to")}
        ORDER BY id DESC LIMIT @most
        """,
        new { accountId, kind, from, to, before = to is { } end && string.CompareOrdinal(Id.FirstAt(end), before) < 0 ? Id.FirstAt(end) : before, firstId = Id.FirstAt(from ?? 0), most });

    public Task<List<AuditEvent>> ListNewestAsync(Scope scope, string accountId, int most) =>
        scope.QueryAsync<AuditEvent>($"SELECT {Columns} FROM audit_events WHERE account_id = @accountId ORDER BY id DESC LIMIT @most", new { accountId, most });

    /// <summary>Takes away what tells of the person. That something happened, and when, stays under the account's id, which now is nobody's.</summary>
    public Task EraseAsync(Transaction transaction, string accountId) => transaction.ExecuteAsync(
        "UPDATE audit_events SET address = NULL, user_agent = NULL, detail = NULL WHERE account_id = @accountId", new { accountId });
}
