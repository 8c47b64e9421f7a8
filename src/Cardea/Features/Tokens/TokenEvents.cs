using Cardea.Features.Audit;

namespace Cardea.Features.Tokens;

internal static class TokenEvents
{
    public static readonly AuditKind RefreshReused = new("token.refresh_reused", "A refresh token was used a second time, as a thief would use it; its session was ended.");
}
