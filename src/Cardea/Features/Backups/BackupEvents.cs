using Cardea.Features.Audit;

namespace Cardea.Features.Backups;

internal static class BackupEvents
{
    public static readonly AuditKind Made = new("database.backed_up", "A copy of the whole database was made.");
    public static readonly AuditKind Restored = new("database.restored", "The database was put back from a backup.");
}
