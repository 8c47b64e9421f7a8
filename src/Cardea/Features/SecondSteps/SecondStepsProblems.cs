using Cardea.Foundation.Problems;

namespace Cardea.Features.SecondSteps;

public static class SecondStepsProblems
{
    public static readonly Problem MfaRequired = new("mfa_required", 403, "A second step is needed", "Please finish signing in with your second step.");
    public static readonly Problem EnrolmentRequired = new("mfa_enrollment_required", 403, "A second factor must be set up", "Please set up a second factor: it is needed to sign in here.");
    public static readonly Problem InvalidCode = new("invalid_code", 401, "The code is not right", "This code is not right, has been used or has expired.");
    public static readonly Problem ReauthenticationRequired = new("reauthentication_required", 403, "A recent sign-in is needed", "Please confirm that it is you: your last sign-in is too long ago for this.");
}
