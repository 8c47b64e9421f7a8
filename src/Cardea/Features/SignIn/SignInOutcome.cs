using Cardea.Crypto.Secrets;
using Cardea.Features.Accounts;
using Cardea.Features.Sessions;
using Cardea.Features.Tokens;
using Cardea.Foundation.Problems;

namespace Cardea.Features.SignIn;

/// <summary>What came of a sign-in.</summary>
public abstract record SignInOutcome
{
    private SignInOutcome()
    {
    }

    /// <param name="CookieSecret">What the session cookie holds; null for a session of tokens.</param>
    /// <param name="DeviceToken">What a browser that is new to the account is to keep; null when it is known.</param>
    public sealed record SignedIn(AccountSnapshot Account, Session Session, RefreshToken RefreshToken, SecretToken? CookieSecret, SecretToken? DeviceToken) : SignInOutcome
    {
        public override string ToString() => "[signed in]";
    }

    public sealed record Refused(Problem Problem) : SignInOutcome;
}
