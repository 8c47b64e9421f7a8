using Cardea.Features.Audit;

namespace Cardea.Features.SignIn;

public static class SignInEvents
{
    public static readonly AuditKind SignedIn = new("sign_in.succeeded", "Signed in.");
    public static readonly AuditKind Failed = new("sign_in.failed", "A sign-in failed: the name, the password, the code, the link or the passkey was not right. Of those of strangers not each is listed.");
    public static readonly AuditKind Throttled = new("sign_in.throttled", "Sign-ins were turned away unchecked, after too many failures. Not each of them is listed.");
    public static readonly AuditKind Refused = new("sign_in.refused", "The password or code was right, but the sign-in could not be finished.");
    public static readonly AuditKind SignedOut = new("sign_out", "Signed out.");
}
