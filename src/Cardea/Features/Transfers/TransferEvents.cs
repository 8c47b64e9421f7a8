using Cardea.Features.Audit;

namespace Cardea.Features.Transfers;

internal static class TransferEvents
{
    public static readonly AuditKind AccountImported = new("account.imported", "The account was brought along from another system.");
    public static readonly AuditKind Imported = new("accounts.imported", "An import ran to its end.");
    public static readonly AuditKind Exported = new("accounts.exported", "All accounts were written to a file.");
}
