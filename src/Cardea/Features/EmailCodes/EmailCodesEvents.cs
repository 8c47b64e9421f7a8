using Cardea.Features.Audit;

namespace Cardea.Features.EmailCodes;

public static class EmailCodesEvents
{
    public static readonly AuditKind Asked = new("email_code.asked", "A code to sign in with was mailed to the owner.");
    public static readonly AuditKind StepSent = new("email_code.step_sent", "A code that finishes a sign-in was mailed to the owner.");
}
