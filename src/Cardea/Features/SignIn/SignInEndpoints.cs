using Cardea.Features.Audit;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.SignIn;

/// <summary>The way out, and how an outcome of the way in is told as JSON.</summary>
public sealed class SignInEndpoints(Database database, SessionDirectory sessions, DeviceCookie deviceCookie, AuditLog audit)
{
    public async Task<IResult> SignOutAsync(HttpContext http)
    {
        var (caller, client) = (http.Caller(), ClientInfo.Of(http));
        await database.WriteAsync(async transaction =>
        {
            if (await sessions.TryEndAsync(transaction, caller.SessionId, caller.AccountId))
            {
                await audit.RecordAsync(transaction, SignInEvents.SignedOut, caller.AccountId, client, sessionId: caller.SessionId);
            }
        });
        return Answers.Message("You are signed out.");
    }

    /// <summary>Every method answers through here.</summary>
    public IResult Tell(HttpContext http, SignInOutcome outcome)
    {
        switch (outcome)
        {
            case SignInOutcome.SignedIn(var tokens, var deviceToken):
                if (deviceToken is not null)
                {
                    deviceCookie.Set(http, deviceToken);
                }

                return Answers.Json(tokens);
            case SignInOutcome.Refused(var problem):
                return Answers.Problem(problem);
            default:
                throw new InvalidOperationException($"No answer for {outcome.GetType().Name}.");
        }
    }
}
