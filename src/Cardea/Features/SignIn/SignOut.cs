using Cardea.Features.Audit;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.SignIn;

/// <summary>Ends the caller's session: on the server, not only in the browser.</summary>
public sealed class SignOut(Database database, SessionDirectory sessions, AuditLog audit)
{
    public Task RunAsync(Caller caller, ClientInfo client) => database.WriteAsync(async transaction =>
    {
        if (await sessions.TryEndAsync(transaction, caller.SessionId, caller.AccountId))
        {
            await audit.RecordAsync(transaction, SignInEvents.SignedOut, caller.AccountId, client, sessionId: caller.SessionId);
        }
    });
}
