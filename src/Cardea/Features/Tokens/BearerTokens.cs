using Cardea.Features.Accounts;
using Cardea.Features.Sessions;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Tokens;

/// <summary>Finds the caller by the access token of the Authorization header (RFC 6750 section 2.1), and nowhere else: a token in a URL ends up in logs.</summary>
public sealed class BearerTokens(AccessTokens accessTokens, SessionDirectory sessions, AccountDirectory accounts)
{
    private const string Scheme = "Bearer ";

    public async ValueTask<(Caller? Caller, Problem? Refusal)> FindCallerAsync(HttpContext http)
    {
        var header = http.Request.Headers.Authorization;
        if (header.Count != 1 || header[0] is not { } value || !value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return (null, CommonProblems.Unauthorized);
        }

        if (await accessTokens.VerifyAsync(value[Scheme.Length..]) is not { } claims
            || await sessions.FindLiveAsync(claims.SessionId) is not { } session
            || session.AccountId != claims.AccountId
            || await accounts.FindAsync(claims.AccountId) is not { Account.IsDisabled: false })
        {
            return (null, CommonProblems.Unauthorized);
        }

        return (new Caller(claims.AccountId, claims.SessionId, ActorId: session.ActorId), null);
    }
}
