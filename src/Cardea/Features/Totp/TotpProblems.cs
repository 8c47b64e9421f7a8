using Cardea.Foundation.Problems;

namespace Cardea.Features.Totp;

public static class TotpProblems
{
    public static readonly Problem AlreadySetUp = new("totp_already_set_up", 409, "An app is set up", "An authenticator app is set up already. Remove it first.");
    public static readonly Problem NothingToConfirm = new("totp_not_begun", 409, "Nothing to confirm", "There is no authenticator app to confirm. Please begin again.");
}
