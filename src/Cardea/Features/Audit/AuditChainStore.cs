using Cardea.Foundation.Data;

namespace Cardea.Features.Audit;

/// <summary>A line of the chain beside its row; a row that is gone has no id.</summary>
public sealed class SealedRow
{
    public long? Number { get; init; }

    public required string EventId { get; init; }

    public byte[]? Facts { get; init; }

    public byte[]? Personal { get; init; }

    public byte[]? Salt { get; init; }

    public byte[]? Erased { get; init; }

    public byte[]? Link { get; init; }

    public string? Id { get; init; }

    public string? Event { get; init; }

    public long? At { get; init; }

    public string? AccountId { get; init; }

    public string? ActorId { get; init; }

    public string? SessionId { get; init; }

    public string? Address { get; init; }

    public string? UserAgent { get; init; }

    public string? RequestId { get; init; }

    public string? Detail { get; init; }

    public ChainLine Line => new() { EventId = EventId, Facts = Facts, Personal = Personal, Salt = Salt, Erased = Erased, Number = Number, Link = Link };

    public AuditEvent? Row => Id is null ? null : new()
    {
        Id = Id,
        Event = Event ?? "",
        At = At ?? 0,
        AccountId = AccountId,
        ActorId = ActorId,
        SessionId = SessionId,
        Address = Address,
        UserAgent = UserAgent,
        RequestId = RequestId,
        Detail = Detail,
    };
}

public sealed class AuditChainStore
{
    private const string LineColumns = "event_id AS EventId, facts AS Facts, personal AS Personal, salt AS Salt, erased AS Erased, number AS Number, link AS Link";

    private const string Both =
        """
        SELECT c.number AS Number, c.event_id AS EventId, c.facts AS Facts, c.personal AS Personal, c.salt AS Salt, c.erased AS Erased, c.link AS Link,
            e.id AS Id, e.event AS Event, e.at AS At, e.account_id AS AccountId, e.actor_id AS ActorId, e.session_id AS SessionId, e.address AS Address,
            e.user_agent AS UserAgent, e.request_id AS RequestId, e.detail AS Detail
        FROM audit_chain c LEFT JOIN audit_events e ON e.id = c.event_id
        """;

    /// <summary>Whether anything waits. A line without facts waits only as long as there is no chain: later it was not this program that wrote it.</summary>
    public async Task<bool> AnyOpenAsync(Scope scope) => await scope.FindAsync<string>(
        "SELECT event_id FROM audit_chain WHERE number IS NULL AND (facts IS NOT NULL OR NOT EXISTS (SELECT 1 FROM audit_chain WHERE number = 1)) LIMIT 1") is not null;

    public Task<long> CountOpenSinceBeforeAsync(Scope scope, long before) => scope.GetAsync<long>(
        "SELECT COUNT(*) FROM audit_chain c JOIN audit_events e ON e.id = c.event_id WHERE c.number IS NULL AND e.at < @before", new { before });

    public Task<ChainHead?> FindHeadAsync(Scope scope) => scope.FindAsync<ChainHead>(
        "SELECT number AS Number, event_id AS EventId, link AS Link FROM audit_chain WHERE number IS NOT NULL ORDER BY number DESC LIMIT 1");

    public Task<byte[]?> FindLinkAsync(Scope scope, long number) => scope.FindAsync<byte[]>("SELECT link FROM audit_chain WHERE number = @number", new { number });

    public Task<List<ChainLine>> ListOpenAsync(Transaction transaction, int most) => transaction.QueryAsync<ChainLine>(
        $"SELECT {LineColumns} FROM audit_chain WHERE number IS NULL AND facts IS NOT NULL ORDER BY event_id LIMIT @most", new { most });

    public Task SealAsync(Transaction transaction, IReadOnlyList<ChainLine> lines) =>
        transaction.ExecuteAsync("UPDATE audit_chain SET number = @Number, link = @Link WHERE event_id = @EventId", lines);

    /// <summary>Rows from before there was a chain.</summary>
    public Task<List<AuditEvent>> ListUncommittedAsync(Transaction transaction, int most) => transaction.QueryAsync<AuditEvent>(
        $"SELECT {AuditStore.Columns} FROM audit_events WHERE id IN (SELECT event_id FROM audit_chain WHERE facts IS NULL ORDER BY event_id LIMIT @most)", new { most });

    public Task CommitAsync(Transaction transaction, IReadOnlyList<ChainLine> lines) =>
        transaction.ExecuteAsync("UPDATE audit_chain SET facts = @Facts, personal = @Personal, salt = @Salt WHERE event_id = @EventId AND facts IS NULL", lines);

    /// <summary>In the order of the chain.</summary>
    public Task<List<SealedRow>> ListSealedAsync(Scope scope, long after, int most) =>
        scope.QueryAsync<SealedRow>($"{Both} WHERE c.number > @after ORDER BY c.number LIMIT @most", new { after, most });

    public Task<List<SealedRow>> ListUnsealedAsync(Scope scope) => scope.QueryAsync<SealedRow>($"{Both} WHERE c.number IS NULL ORDER BY c.event_id");

    /// <summary>A row that the chain knows nothing of.</summary>
    public Task<string?> FindStrangerAsync(Scope scope) => scope.FindAsync<string>(
        "SELECT e.id FROM audit_events e WHERE NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.event_id = e.id) ORDER BY e.id LIMIT 1");
}
