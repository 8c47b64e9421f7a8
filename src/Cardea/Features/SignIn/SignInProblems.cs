using Cardea.Foundation.Problems;

namespace Cardea.Features.SignIn;

public static class SignInProblems
{
    public static readonly Problem SessionActive = new("session_active", 409, "A session is active", "Session already active");
}
