using Cardea.Foundation.Data;

namespace Cardea.Features.Audit;

public sealed class AuditStore
{
    internal const string Columns =
        "id AS Id, event AS Event, at AS At, account_id AS AccountId, actor_id AS ActorId, session_id AS SessionId, address AS Address, user_agent AS UserAgent, request_id AS RequestId, detail AS Detail";

    private const string Insert =
        """
        INSERT INTO audit_events (id, event, at, account_id, actor_id, session_id, address, user_agent, request_id, detail)
        VALUES (@Id, @Event, @At, @AccountId, @ActorId, @SessionId, @Address, @UserAgent, @RequestId, @Detail);
        INSERT INTO audit_chain (event_id, facts, personal, salt) VALUES (@Id, @Facts, @Personal, @Salt)
        """;

    private const string InsertForNothing = Insert +
        """
        ;
        DELETE FROM audit_chain WHERE event_id = @Id;
        DELETE FROM audit_events WHERE id = @Id
        """;

    /// <summary>The row and its line of the chain, in one go: a row without a line would look like a forged one.</summary>
    /// <param name="transaction">In which it happened.</param>
    /// <param name="row">What happened.</param>
    /// <param name="line">Of the chain.</param>
    /// <param name="isKept">False does the same work and leaves no row.</param>
    public Task AddAsync(Transaction transaction, AuditEvent row, ChainLine line, bool isKept = true) => transaction.ExecuteAsync(
        isKept ? Insert : InsertForNothing,
        new
        {
            row.Id,
            row.Event,
            row.At,
            row.AccountId,
            row.ActorId,
            row.SessionId,
            row.Address,
            row.UserAgent,
            row.RequestId,
            row.Detail,
            line.Facts,
            line.Personal,
            line.Salt,
        });

    /// <summary>Many rows with their lines.</summary>
    internal async Task AddAllAsync(Transaction transaction, IReadOnlyList<(AuditEvent Row, ChainLine Line)> rows)
    {
        await transaction.AddRowsAsync(
            "audit_events", ["id", "event", "at", "account_id", "actor_id", "session_id", "address", "user_agent", "request_id", "detail"],
            rows.Select(object?[] (pair) =>
            [
                pair.Row.Id, pair.Row.Event, pair.Row.At, pair.Row.AccountId, pair.Row.ActorId, pair.Row.SessionId, pair.Row.Address, pair.Row.UserAgent, pair.Row.RequestId, pair.Row.Detail,
            ]));
        await transaction.AddRowsAsync(
            "audit_chain", ["event_id", "facts", "personal", "salt"], rows.Select(object?[] (pair) => [pair.Row.Id, pair.Line.Facts, pair.Line.Personal, pair.Line.Salt]));
    }

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

    public Task<long?> FindNewestAtAsync(Scope scope) => scope.FindAsync<long?>("SELECT at FROM audit_events ORDER BY id DESC LIMIT 1");

    /// <summary>Where the newest events of clients came from.</summary>
    public Task<List<string>> ListNewestAddressesAsync(Scope scope, int most) =>
        scope.QueryAsync<string>("SELECT address FROM audit_events WHERE address <> '' ORDER BY id DESC LIMIT @most", new { most });

    /// <summary>
    /// Takes away what tells of the person. That something happened, and when, stays under the account's id, which now is nobody's. With the
    /// salt goes the only way to try guesses against the commitment that stays in the chain.
    /// </summary>
    /// <param name="proof">Shows that it was this program that erased, and not somebody who covers a trace.</param>
    public async Task EraseAsync(Transaction transaction, string accountId, byte[] proof)
    {
        await transaction.ExecuteAsync(
            """
            UPDATE audit_chain SET salt = NULL, erased = @proof
            WHERE erased IS NULL AND event_id IN (SELECT id FROM audit_events WHERE account_id = @accountId)
            """,
            new { accountId, proof });
        // By their lines: a row that was committed between these two statements keeps both.
        await transaction.ExecuteAsync(
            """
            UPDATE audit_events SET address = NULL, user_agent = NULL, detail = NULL
            WHERE account_id = @accountId AND EXISTS (SELECT 1 FROM audit_chain WHERE event_id = audit_events.id AND erased = @proof)
            """,
            new { accountId, proof });
    }
}
