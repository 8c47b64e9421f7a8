using Cardea.Features.Audit;

namespace Cardea.Features.Admin;

internal static class AdminEvents
{
    public static readonly AuditKind AccountAdded = new("account.added", "An administrator or a command made the account, with a temporary password.");
    public static readonly AuditKind AccountDisabled = new("account.disabled", "An administrator or a command disabled the account; its sessions ended.");
    public static readonly AuditKind AccountEnabled = new("account.enabled", "An administrator or a command enabled the account again.");
    public static readonly AuditKind PasswordSet = new("password.set", "An administrator or a command set a temporary password; all sessions ended.");
    public static readonly AuditKind RoleGranted = new("role.granted", "The account was given a role.");
    public static readonly AuditKind RoleRevoked = new("role.revoked", "A role was taken from the account.");
}
