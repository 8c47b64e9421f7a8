using Cardea.Features.Audit;

namespace Cardea.Features.SignIn;

public static class SignInEvents
{
    public static readonly AuditKind SignedIn = new("sign_in.succeeded", "A session was made.");
    public static readonly AuditKind Failed = new("sign_in.failed", "What was given proves nothing: the account is unknown or the secret wrong.");
    public static readonly AuditKind Throttled = new("sign_in.throttled", "Too many failures; the attempt was not looked at.");
    public static readonly AuditKind Refused = new("sign_in.refused", "The proof was right, and there was a reason not to let the account in.");
    public static readonly AuditKind SignedOut = new("sign_out", "The owner ended the session.");
}
