using Cardea.Features.Audit;

namespace Cardea.Features.Objections;

public static class ObjectionsEvents
{
    public static readonly AuditKind SignIn = new("sign_in.disowned", "The owner said by mail that a sign-in was somebody else's; that device was signed out and the password ended.");
    public static readonly AuditKind EmailChange = new("account.email_change_undone", "A change of address was undone from the old mailbox; all sessions and the password ended.");
}
