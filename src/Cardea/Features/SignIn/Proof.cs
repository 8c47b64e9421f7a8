using Cardea.Features.Accounts;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.SignIn;

/// <summary>Who asks to be let in, and what for.</summary>
/// <param name="Replace">Where the session limit is reached, the oldest session may go.</param>
/// <param name="ForPages">The session is to be kept in a cookie and open pages; otherwise it gives tokens.</param>
/// <param name="TrustDevice">After this second step the device is asked for none for a while.</param>
public sealed record SignInRequest(ClientInfo Client, bool Replace, bool ForPages, bool TrustDevice = false);

/// <summary>
/// What a way to prove hands to the gate: whose account, and how it was proved. It is no session and no token, and the method that made it
/// can make neither.
/// </summary>
/// <param name="Amr">The words of RFC 8176 that are true of it.</param>
/// <param name="Settle">What the method has to write once the proof is accepted as right, in the gate's own transaction: counters forgotten, a
/// secret used up. False when another was faster with the same secret: then there is no proof.</param>
public sealed record Proof(string AccountId, IReadOnlyList<string> Amr, Func<Transaction, Task<bool>> Settle, bool UsedTemporaryPassword = false)
{
    /// <summary>The proof was mailed to the account's address, which is hereby proved.</summary>
    public bool ProvesAddress { get; init; }

    /// <summary>
    /// Uses up what was given, once it has led somewhere: to a session or to a next step. Where only the session limit stands in the way it is
    /// kept, so that its owner can say <c>replace</c> with the same. The account's row is locked since <see cref="Settle"/>; false when it is gone.
    /// </summary>
    public Func<Transaction, Task<bool>>? UseUp { get; init; }

    /// <summary>What is left to clear away once the session is made, in the same transaction.</summary>
    public Func<Transaction, Task>? Finish { get; init; }

    /// <summary>What to answer when <see cref="Settle"/> says false.</summary>
    public Problem Unsettled { get; init; } = AccountProblems.InvalidCredentials;
}
