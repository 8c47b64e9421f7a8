using Cardea.Features.Audit;

namespace Cardea.Features.Sessions;

public static class SessionEvents
{
    public static readonly AuditKind Ended = new("session.ended", "A session was ended from another one.");
    public static readonly AuditKind OthersEnded = new("session.others_ended", "All other sessions were ended.");
    public static readonly AuditKind Replaced = new("session.replaced", "A session ended because a further sign-in took its place.");
    public static readonly AuditKind ViewingBegan = new("impersonation.began", "An administrator began to view the account as its owner would, without being able to change it.");
    public static readonly AuditKind ViewingEnded = new("impersonation.ended", "An administrator's viewing of the account ended.");
}
