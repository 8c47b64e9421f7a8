using Cardea.Features.Accounts;
using Cardea.Features.Tokens;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Admin;

/// <summary>The JSON door to viewing as somebody else. The way out is the usual one: the token signs out.</summary>
public sealed class ImpersonationEndpoints(Impersonation impersonation, AccessTokens tokens)
{
    public async Task<IResult> BeginAsync(HttpContext http)
    {
        var (begun, refusal) = await impersonation.BeginAsync(http.Caller(), (string)http.Request.RouteValues["id"]!, forPages: false, AdminAccountsEndpoints.By(http));
        return begun is null
            ? Answers.Problem(refusal!)
            : Answers.Json(new ImpersonationBody(await tokens.IssueAsync(begun.Account, begun.Session), "bearer", tokens.LifetimeSeconds(begun.Session), UserBody.Of(begun.Account)));
    }
}
