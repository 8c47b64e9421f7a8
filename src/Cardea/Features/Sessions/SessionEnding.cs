using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Sessions;

/// <summary>Ends sessions for their owner.</summary>
public sealed class SessionEnding(Database database, SessionDirectory sessions, AuditLog audit)
{
    /// <returns>False for an id that is nobody's or somebody else's; the two can't be told apart.</returns>
    public async Task<bool> TryEndAsync(Caller caller, string id, ClientInfo client) => Id.IsWellFormed(id) && await database.WriteAsync(async transaction =>
    {
        if (!await sessions.TryEndAsync(transaction, id, caller.AccountId, client))
        {
            return false;
        }

        await audit.RecordAsync(transaction, SessionEvents.Ended, caller.AccountId, client, sessionId: id);
        return true;
    });

    public Task EndOthersAsync(Caller caller, ClientInfo client) => database.WriteAsync(async transaction =>
    {
        var ended = await sessions.EndAllAsync(transaction, caller.AccountId, except: caller.SessionId, client);
        await audit.RecordAsync(transaction, SessionEvents.OthersEnded, caller.AccountId, client, new { Ended = ended }, caller.SessionId);
    });
}
