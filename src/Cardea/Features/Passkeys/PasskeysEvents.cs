using Cardea.Features.Audit;

namespace Cardea.Features.Passkeys;

public static class PasskeysEvents
{
    public static readonly AuditKind Added = new("passkey.added", "A passkey was added.");
    public static readonly AuditKind Renamed = new("passkey.renamed", "A passkey was renamed.");
    public static readonly AuditKind Removed = new("passkey.removed", "A passkey was removed.");
    public static readonly AuditKind Copied = new("passkey.copied", "A passkey's counter went back: it may have been copied. It was refused.");
}
