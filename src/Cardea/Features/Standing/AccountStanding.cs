using Cardea.Features.Accounts;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Standing;

/// <summary>The order in which refusals are given, all after the right proof. A person is told the one that is theirs to mend first.</summary>
public enum StandingOrder
{
    Disabled,
    Unverified,
    SecondFactor,
    PasswordChange,
}

/// <summary>The question that every path asks before it gives out a token.</summary>
/// <param name="Account">As the asking transaction sees it, or as the cache knows it.</param>
/// <param name="Amr">How it was proved, in the words of RFC 8176.</param>
/// <param name="UsedTemporaryPassword">The proof was a password that must be changed at once.</param>
/// <param name="Transaction">Where a check may leave something for the next step; null when a living session asks.</param>
/// <param name="Client">Who asks to be let in; null when a living session asks.</param>
public sealed record StandingQuestion(AccountSnapshot Account, IReadOnlyList<string> Amr, bool UsedTemporaryPassword, Transaction? Transaction, ClientInfo? Client = null);

/// <summary>A reason for which an account may not be given a token now, registered by the room that knows it.</summary>
/// <param name="Order">Its place among the others.</param>
/// <param name="Refusals">All that it can answer; every door that asks the standing tells of them in the document.</param>
/// <param name="RefuseAsync">The check.</param>
public sealed record StandingCheck(StandingOrder Order, IReadOnlyList<Problem> Refusals, Func<StandingQuestion, ValueTask<Problem?>> RefuseAsync);

/// <summary>
/// "May this account be given a token now?" Asked by sign-in, refresh and whatever else issues: most of the field's recent advisories are a
/// check that one sibling path forgot, so there is one answer and no path of its own.
/// </summary>
public sealed class AccountStanding(IEnumerable<StandingCheck> checks)
{
    private readonly StandingCheck[] _checks = [.. checks.OrderBy(check => check.Order)];

    /// <returns>The first refusal, or null.</returns>
    public async ValueTask<Problem?> RefuseAsync(StandingQuestion question)
    {
        foreach (var check in _checks)
        {
            if (await check.RefuseAsync(question) is { } refusal)
            {
                return refusal;
            }
        }

        return null;
    }
}
