using Cardea.Features.Audit;

namespace Cardea.Features.Admin;

internal static class AdminEvents
{
    public static readonly AuditKind AccountAdded = new("account.added", "An administrator or a command made the account, with an invitation or a temporary password.");
    public static readonly AuditKind AccountDisabled = new("account.disabled", "An administrator or a command disabled the account; its sessions ended.");
    public static readonly AuditKind AccountEnabled = new("account.enabled", "An administrator or a command enabled the account again.");
    public static readonly AuditKind AccountChanged = new("account.changed_by_admin", "An administrator changed the account's data.");
    public static readonly AuditKind AccountUnlocked = new("account.unlocked", "An administrator let sign-ins be tried again at once after too many failures.");
    public static readonly AuditKind FactorsReset = new("account.factors_reset", "An administrator or a command removed second factors that the owner had lost; all sessions ended.");
    public static readonly AuditKind SessionsEnded = new("account.signed_out_by_admin", "An administrator ended the account's sessions.");
    public static readonly AuditKind SessionEnded = new("session.ended_by_admin", "An administrator ended one of the account's sessions.");
    public static readonly AuditKind ResetSent = new("password.reset_sent", "An administrator had a mail sent that lets the owner set a new password.");
    public static readonly AuditKind Invited = new("account.invited", "An administrator invited somebody by mail.");
    public static readonly AuditKind RoleAdded = new("role.added", "A role was made.");
    public static readonly AuditKind RoleChanged = new("role.changed", "A role's description or permissions were changed.");
    public static readonly AuditKind RoleDeleted = new("role.deleted", "A role was deleted; nobody has it any more.");
    public static readonly AuditKind MailRetried = new("mail.retried", "An administrator had a mail sent again.");
    public static readonly AuditKind AuditExported = new("audit.exported", "An administrator took a copy of the audit log, or of a part of it.");
    public static readonly AuditKind PasswordSet = new("password.set", "An administrator or a command set a temporary password; all sessions ended.");
    public static readonly AuditKind RoleGranted = new("role.granted", "The account was given a role.");
    public static readonly AuditKind RoleRevoked = new("role.revoked", "A role was taken from the account.");
}
