using Cardea.Features.Audit;

namespace Cardea.Features.SecondSteps;

public static class SecondStepsEvents
{
    public static readonly AuditKind Asked = new("second_step.asked", "The first step of a sign-in was right, and a second was asked for.");
    public static readonly AuditKind Failed = new("second_step.failed", "The second step of a sign-in was wrong.");
    public static readonly AuditKind Throttled = new("second_step.throttled", "Second steps were turned away unchecked, after too many failures. Not each of them is listed.");
    public static readonly AuditKind Reauthenticated = new("reauthentication.succeeded", "You confirmed that it is you.");
    public static readonly AuditKind DeviceDistrusted = new("trusted_device.ended", "A device that was trusted is asked for the second step again.");
    public static readonly AuditKind ReauthenticationFailed = new("reauthentication.failed", "An attempt to confirm that it is you failed.");
}
