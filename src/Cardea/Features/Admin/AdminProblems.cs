using Cardea.Foundation.Problems;

namespace Cardea.Features.Admin;

public static class AdminProblems
{
    public static readonly Problem UnknownRole = new("unknown_role", 400, "There is no such role", "There is no role of that name.");
}
