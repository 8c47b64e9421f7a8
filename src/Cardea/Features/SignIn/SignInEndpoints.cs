using Cardea.Features.Sessions;
using Cardea.Features.Tokens;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.SignIn;

/// <summary>The way out, and how an outcome of the way in is told as JSON.</summary>
public sealed class SignInEndpoints(SignOut signOut, DeviceCookie deviceCookie, TokenIssuer issuer)
{
    public async Task<IResult> SignOutAsync(HttpContext http)
    {
        await signOut.RunAsync(http.Caller(), ClientInfo.Of(http));
        return Answers.Message("You are signed out.");
    }

    /// <summary>The tokens of a sign-in that succeeded; null for a refusal.</summary>
    public async Task<TokenBody?> TokensAsync(HttpContext http, SignInOutcome outcome)
    {
        if (outcome is not SignInOutcome.SignedIn signedIn)
        {
            return null;
        }

        if (signedIn.DeviceToken is not null)
        {
            deviceCookie.Set(http, signedIn.DeviceToken.Reveal());
        }

        return await issuer.IssueAsync(signedIn.Account, signedIn.Session, signedIn.RefreshToken);
    }

    /// <summary>Every method answers through here.</summary>
    public async Task<IResult> TellAsync(HttpContext http, SignInOutcome outcome)
    {
        switch (outcome)
        {
            case SignInOutcome.SignedIn:
                return Answers.Json(await TokensAsync(http, outcome));
            case SignInOutcome.Refused(var problem):
                return Answers.Problem(problem);
            default:
                throw new InvalidOperationException($"No answer for {outcome.GetType().Name}.");
        }
    }
}
