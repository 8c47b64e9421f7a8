using Cardea.Features.Audit;

namespace Cardea.Features.Totp;

public static class TotpEvents
{
    public static readonly AuditKind SetUp = new("totp.set_up", "An authenticator app was set up.");
    public static readonly AuditKind Removed = new("totp.removed", "The authenticator app was removed.");
}
