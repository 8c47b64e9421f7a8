using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.RateLimits;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.SecondSteps;

/// <summary>What is given to confirm a living session. One of the three is set.</summary>
public sealed record ConfirmationAnswer(string? Password, FactorAnswer? Factor)
{
    public override string ToString() => "[confirmation]";
}

/// <summary>Checks a password, for the room that knows none. Null when it is right.</summary>
public delegate Task<Problem?> CheckPassword(string accountId, string password, ClientInfo client, CancellationToken cancellation);

/// <summary>
/// A living session proves again who uses it. It counts as recent afterwards, its token unchanged: the next one tells of it. A password alone is no
/// second factor; where one is set up, only that opens what it guards.
/// </summary>
public sealed class Reauthentication(
    Database database, IEnumerable<ISecondFactor> factors, FactorAttempts attempts, AccountDirectory accounts, SessionDirectory sessions, CheckPassword checkPassword, AuditLog audit)
{
    public async Task<Problem?> ConfirmAsync(Caller caller, ConfirmationAnswer answer, ClientInfo client, CancellationToken cancellation)
    {
        if (await accounts.FindAsync(caller.AccountId) is not { } account)
        {
            return CommonProblems.Unauthorized;
        }

        return answer.Factor is { } factor
            ? await ConfirmByFactorAsync(caller, account, factor, client)
            : await ConfirmByPasswordAsync(caller, answer.Password ?? "", client, cancellation);
    }

    private async Task<Problem?> ConfirmByPasswordAsync(Caller caller, string password, ClientInfo client, CancellationToken cancellation)
    {
        if (await checkPassword(caller.AccountId, password, client, cancellation) is { } refusal)
        {
            return refusal; // counted and audited where passwords are
        }

        await database.WriteAsync(transaction => DoneAsync(transaction, caller, ["pwd"], byFactor: false, client));
        return null;
    }

    private async Task<Problem?> ConfirmByFactorAsync(Caller caller, AccountSnapshot account, FactorAnswer answer, ClientInfo client)
    {
        Problem? refusal = null;
        Blocked? blocked = null;
        foreach (var factor in factors.Where(factor => factor.Kind is not FactorKind.Fallback && factor.Takes(answer)))
        {
            if (!await database.ReadAsync(scope => factor.IsAvailableAsync(scope, account, null)))
            {
                continue;
            }

            if (await attempts.BeginAsync(account.Id, factor, caller.SessionId) is { } shut)
            {
                blocked = shut;
                continue;
            }

            switch (await factor.CheckAsync(account, null, answer, client))
            {
                case FactorVerdict.Right right:
                    return await database.WriteAsync(async transaction =>
                    {
                        await accounts.FindForUpdateAsync(transaction, account.Id);
                        if (!await right.Settle(transaction))
                        {
                            return SecondStepsProblems.InvalidCode;
                        }

                        await attempts.SucceedAsync(transaction, account.Id, factor, caller.SessionId);
                        await DoneAsync(transaction, caller, [.. right.Amr, SignInGate.MultiFactor], byFactor: true, client);
                        return null;
                    });
                case FactorVerdict.Refused(var problem):
                    await attempts.TakeBackAsync(account.Id, factor, caller.SessionId);
                    refusal = problem;
                    break;
            }
        }

        if (blocked is not { IsTold: false })
        {
            await database.WriteAsync(transaction =>
                audit.RecordAsync(transaction, SecondStepsEvents.ReauthenticationFailed, account.Id, client, blocked is null ? null : new { blocked.Times }, caller.SessionId));
        }

        return refusal ?? blocked?.Problem ?? SecondStepsProblems.InvalidCode;
    }

    private async Task DoneAsync(Transaction transaction, Caller caller, IReadOnlyList<string> amr, bool byFactor, ClientInfo client)
    {
        await sessions.ProveAgainAsync(transaction, caller.SessionId, amr, byFactor);
        await audit.RecordAsync(transaction, SecondStepsEvents.Reauthenticated, caller.AccountId, client, new { Amr = amr }, caller.SessionId);
    }
}
