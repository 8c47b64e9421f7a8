using Cardea.Features.Audit;

namespace Cardea.Features.Passwords;

internal static class PasswordEvents
{
    public static readonly AuditKind ResetAsked = new("password.reset_asked", "A way to a new password was asked for and mailed.");
    public static readonly AuditKind Reset = new("password.reset", "A new password was set by way of a mail; all sessions ended.");
    public static readonly AuditKind ResetThrottled = new("password.reset_throttled", "Codes for a new password were turned away unchecked, after too many that were wrong. Not each of them is listed.");
    public static readonly AuditKind Changed = new("password.changed", "The password was changed; the other sessions ended.");
    public static readonly AuditKind CurrentWrong = new("password.current_wrong", "A change was refused, because the current password was wrong.");
    public static readonly AuditKind TemporaryUsed = new("password.temporary_used", "A mailed temporary password was used.");
    public static readonly AuditKind AdminBootstrapped = new("admin.bootstrapped", "The first administrator was made from the settings.");
}
