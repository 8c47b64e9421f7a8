using Cardea.Foundation.Problems;

namespace Cardea.Features.Setup;

public static class SetupProblems
{
    public static readonly Problem LinkOver = new(
        "setup_link_over", 410, "This link is over", "The link from the server's log works once and for an hour. While there is no administrator, each start of the server writes one that works.");
}
