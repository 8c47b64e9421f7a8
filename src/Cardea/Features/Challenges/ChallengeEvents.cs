using Cardea.Features.Audit;

namespace Cardea.Features.Challenges;

public static class ChallengeEvents
{
    public static readonly AuditKind ServerUnderAttack =
        new("challenge.server_under_attack", "More was refused on a node within a minute than the settings allow, and everybody was asked for a proof of work. At most one row a node in ten minutes; the address is the one that came by then.");
}
