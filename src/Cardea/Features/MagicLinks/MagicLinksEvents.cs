using Cardea.Features.Audit;

namespace Cardea.Features.MagicLinks;

public static class MagicLinksEvents
{
    public static readonly AuditKind Asked = new("sign_in_link.asked", "A link to sign in with was mailed to the owner.");
}
