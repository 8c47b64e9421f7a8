using Cardea.Features.Audit;

namespace Cardea.Features.Tokens;

internal static class TokenEvents
{
    public static readonly AuditKind RefreshReused = new("token.refresh_reused", "A refresh token was presented that had been used before; its session was ended.");
}
