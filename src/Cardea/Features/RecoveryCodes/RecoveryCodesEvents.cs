using Cardea.Features.Audit;

namespace Cardea.Features.RecoveryCodes;

public static class RecoveryCodesEvents
{
    public static readonly AuditKind Used = new("recovery_code.used", "A recovery code stood in for a second factor; it is used up.");
    public static readonly AuditKind Renewed = new("recovery_codes.renewed", "New recovery codes were made; the old ones are void.");
}
