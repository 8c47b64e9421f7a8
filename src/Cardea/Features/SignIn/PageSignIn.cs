using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.SignIn;

/// <summary>Where a browser goes on when a sign-in was refused for something that its owner can do at once, registered by the room that knows the page.</summary>
/// <param name="After">The refusal that it follows.</param>
/// <param name="GoOn">Keeps what the step needs out of the address, and says where it is; gets where to end up, which is null for the usual place.</param>
public sealed record PageNextStep(Problem After, Func<HttpContext, Problem, string?, string> GoOn);

/// <summary>How an outcome of the way in is told to a browser. Every page that signs in ends here.</summary>
public sealed class PageSignIn(SignOut signOut, SessionCookie sessionCookie, DeviceCookie deviceCookie, StepCookie steps, IEnumerable<PageNextStep> nextSteps)
{
    public const string Home = "/dashboard";

    /// <returns>Null for a refusal that the page itself must show.</returns>
    public async Task<IResult?> GoOnAsync(HttpContext http, SignInOutcome outcome, string? returnTo)
    {
        if (outcome is SignInOutcome.Refused(var refusal))
        {
            return NextStep(http, refusal, returnTo) is { } next ? Views.Redirect(next) : null;
        }

        if (await sessionCookie.FindOwnAsync(http) is { } previous)
        {
            await signOut.RunAsync(previous, ClientInfo.Of(http)); // its cookie is overwritten: nobody but who copied it could use it any more
        }

        var signedIn = (SignInOutcome.SignedIn)outcome;
        sessionCookie.Set(http, signedIn.Session.Id, signedIn.CookieSecret!);
        if (signedIn.DeviceToken is not null)
        {
            deviceCookie.Set(http, signedIn.DeviceToken.Reveal());
        }

        steps.Clear(http, PageDoors.EnrolmentStep); // somebody else's, who began and went
        return Views.Redirect(returnTo ?? Home);
    }

    /// <summary>The page where a refusal can be mended at once; null when there is none.</summary>
    public string? NextStep(HttpContext http, Problem refusal, string? returnTo) => nextSteps.FirstOrDefault(step => step.After.Code == refusal.Code)?.GoOn(http, refusal, returnTo);
}
