using Cardea.Features.Audit;

namespace Cardea.Features.SecondSteps;

public static class SecondStepsEvents
{
    public static readonly AuditKind Asked = new("second_step.asked", "The first proof was right, and a second step was asked for.");
    public static readonly AuditKind Failed = new("second_step.failed", "What was given as the second step was wrong.");
    public static readonly AuditKind Throttled = new("second_step.throttled", "Too many wrong second steps; the attempt was not looked at.");
    public static readonly AuditKind Reauthenticated = new("reauthentication.succeeded", "A living session proved again who uses it.");
    public static readonly AuditKind ReauthenticationFailed = new("reauthentication.failed", "What was given to confirm a living session was wrong.");
}
