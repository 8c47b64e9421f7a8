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
public sealed class RecentSignIn(SessionDirectory sessions, AccountDirectory accounts, TimeProvider clock)
{
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    public async ValueTask<Problem?> RefuseAsync(Caller caller)
    {
        if (await sessions.FindLiveAsync(caller.SessionId) is not { } session || await accounts.FindAsync(caller.AccountId) is not { } account)
        {
            return CommonProblems.Unauthorized;
        }

        var provedAt = account.Account.HasSecondFactor ? session.FactorAt ?? 0 : session.AuthenticatedAt;
        return clock.Milliseconds() - provedAt <= Window.TotalMilliseconds ? null : SecondStepsProblems.ReauthenticationRequired;
    }
}
