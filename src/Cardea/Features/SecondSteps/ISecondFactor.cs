using System.Text.Json;
using Cardea.Features.Accounts;
using Cardea.Features.Standing;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.SecondSteps;

public enum FactorKind
{
    /// <summary>Set up by its owner, and then always asked for: an authenticator app, a passkey.</summary>
    SetUp,

    /// <summary>Stands in for one that is set up and not at hand; alone it demands nothing.</summary>
    Reserve,

    /// <summary>Needs no setting up, and is asked for only where nothing is.</summary>
    Fallback,
}

/// <summary>What was given as the second step. One of the two is set.</summary>
public sealed record FactorAnswer(string? Code, JsonElement? Credential)
{
    public override string ToString() => "[factor answer]";
}

/// <summary>What a factor says to an answer.</summary>
public abstract record FactorVerdict
{
    private FactorVerdict()
    {
    }

    /// <param name="Amr">The words of RFC 8176 that are true of it.</param>
    /// <param name="Settle">Uses up what was given, in the transaction that believes it; false when another was faster with the same.</param>
    /// <param name="ProvesAddress">What was given had been mailed to the account's address.</param>
    public sealed record Right(IReadOnlyList<string> Amr, Func<Transaction, Task<bool>> Settle, bool ProvesAddress = false) : FactorVerdict;

    public sealed record Wrong : FactorVerdict;

    /// <summary>It could not be looked at, or is not what was expected; counts as no guess.</summary>
    public sealed record Refused(Problem Problem) : FactorVerdict;
}

/// <summary>
/// A way to prove more than the first proof did. It only says whether what is given is right: who is asked, how often one may try, and what it
/// opens is decided here for all of them.
/// </summary>
public interface ISecondFactor
{
    /// <summary>As the outside names it, such as <c>totp</c>.</summary>
    string Method { get; }

    FactorKind Kind { get; }

    /// <summary>Whether an answer could be guessed; then tries are counted, per account and method.</summary>
    bool IsGuessable { get; }

    /// <summary>Whether the answer is of its form; a session that confirms itself doesn't say by which method.</summary>
    bool Takes(FactorAnswer answer);

    /// <summary>Whether the account has it. For a fallback: whether it is asked for at this sign-in.</summary>
    Task<bool> IsAvailableAsync(Scope scope, AccountSnapshot account, StandingQuestion? question);

    /// <summary>Begins what must begin with the step, such as a mail with a code.</summary>
    Task BeginAsync(Transaction transaction, AccountSnapshot account, PendingSignIn pending, ClientInfo client);

    /// <param name="account">Whose factor.</param>
    /// <param name="pending">The sign-in that waits for it; null when a living session proves itself again.</param>
    /// <param name="answer">What was given.</param>
    Task<FactorVerdict> CheckAsync(AccountSnapshot account, PendingSignIn? pending, FactorAnswer answer, ClientInfo client);
}
