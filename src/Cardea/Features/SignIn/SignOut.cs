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
        // The end of a viewing is told by a row of its own: its owner was not signed in.
        if (await sessions.TryEndAsync(transaction, caller.SessionId, caller.AccountId, client) && !caller.IsViewing)
        {
            await audit.RecordAsync(transaction, SignInEvents.SignedOut, caller.AccountId, client, sessionId: caller.SessionId);
        }
    });
}
