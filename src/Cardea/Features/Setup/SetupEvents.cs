using Cardea.Features.Audit;

namespace Cardea.Features.Setup;

internal static class SetupEvents
{
    public static readonly AuditKind AdministratorMade = new("admin.set_up", "The first administrator was made by the link from the server's log.");
}
