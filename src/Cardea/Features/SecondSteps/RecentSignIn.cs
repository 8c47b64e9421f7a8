using Cardea.Features.Accounts;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.SecondSteps;

/// <summary>
/// Whether a session is fresh enough to change how one signs in: signed in or confirmed in the last ten minutes, and with a second factor where
/// there is one. A device that is trusted, or a session that somebody found open, can't take the factor away or add another.
/// </summary>
public sealed class RecentSignIn(SessionDirectory sessions, SessionStore store, AccountDirectory accounts, PendingSignIns pendings, TimeProvider clock)
{
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    public async ValueTask<Problem?> RefuseAsync(Caller caller)
    {
        if (await sessions.FindLiveAsync(caller.SessionId) is not { } session || await accounts.FindAsync(caller.AccountId) is not { } account)
        {
            return CommonProblems.Unauthorized;
        }

        return Refuse(session, account);
    }

    /// <summary>
    /// The same again under the account's lock, before a factor comes or goes: since the door was passed the session may have ended, or somebody
    /// else may have set up the first factor, which whoever knows no more than the password must not add another to.
    /// </summary>
    public async Task<Problem?> RefuseAsync(Transaction transaction, AccountSnapshot account, Caller caller)
    {
        if (caller.PendingId is { } pendingId)
        {
            return account.Account is { HasSecondFactor: false, IsDisabled: false } && await pendings.FindByIdAsync(transaction, pendingId) is { Step: PendingStep.Enrolment } pending && pending.AccountId == account.Id
                ? null
                : CommonProblems.Unauthorized;
        }

        return await store.FindAsync(transaction, caller.SessionId) is { } session && session.AccountId == account.Id && sessions.IsLive(session, clock.Milliseconds())
            ? Refuse(session, account)
            : CommonProblems.Unauthorized;
    }

    private Problem? Refuse(Session session, AccountSnapshot account)
    {
        if (session.IsViewing)
        {
            return CommonProblems.ViewingOnly; // an administrator's proof is no proof of the owner
        }

        var provedAt = account.Account.HasSecondFactor ? session.FactorAt ?? 0 : session.AuthenticatedAt;
        return clock.Milliseconds() - provedAt <= Window.TotalMilliseconds ? null : SecondStepsProblems.ReauthenticationRequired;
    }
}
