using Cardea.Features.Audit;

namespace Cardea.Features.Sessions;

public static class SessionEvents
{
    public static readonly AuditKind Ended = new("session.ended", "The owner ended a session from another one.");
    public static readonly AuditKind OthersEnded = new("session.others_ended", "The owner ended all other sessions.");
    public static readonly AuditKind Replaced = new("session.replaced", "A session ended because a further sign-in took its place.");
}
