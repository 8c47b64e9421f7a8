using Cardea.Features.Audit;

namespace Cardea.Features.SigningKeys;

internal static class SigningKeyEvents
{
    public static readonly AuditKind Rotated = new("signing_key.rotated", "A new key for access tokens was made; the ones before it run out.");
}
