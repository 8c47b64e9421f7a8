using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.SecondSteps;

/// <summary>
/// Finishes a sign-in whose first proof was right. The two proofs together go to the same gate as any other. Where only the session limit stands
/// in the way, the waiting sign-in remembers that everything is proved, so that its owner can say <c>replace</c> without a second code.
/// </summary>
public sealed class SecondStep(
    Database database, IEnumerable<ISecondFactor> factors, PendingSignIns pendings, FactorAttempts attempts, AccountDirectory accounts, SignInGate gate, AuditLog audit)
{
    public async Task<SignInOutcome> FinishAsync(string? token, string? method, FactorAnswer answer, SignInRequest request)
    {
        if (await database.ReadAsync(scope => pendings.FindAsync(scope, token)) is not { } pending || await accounts.FindAsync(pending.AccountId) is not { } account)
        {
            return Refuse(SecondStepsProblems.InvalidCode);
        }

        if (pending.Step == PendingStep.Room)
        {
            return await gate.AdmitAsync(ProofOf(pending, pending.Amr.Split(' '), transaction => pendings.IsStillAsync(transaction, pending)), request);
        }

        if (pending.Step != PendingStep.Factor
            || factors.FirstOrDefault(factor => factor.Method == method) is not { } factor
            || (factor.Kind is FactorKind.Fallback && account.Account.HasSecondFactor)
            || !await database.ReadAsync(scope => factor.IsAvailableAsync(scope, account, null)))
        {
            return Refuse(SecondStepsProblems.InvalidCode);
        }

        if (await attempts.BeginAsync(account.Id, factor) is { } blocked)
        {
            if (blocked.IsTold)
            {
                await database.WriteAsync(transaction => audit.RecordAsync(transaction, SecondStepsEvents.Throttled, account.Id, request.Client, new { factor.Method, blocked.Times }));
            }

            return Refuse(blocked.Problem);
        }

        switch (await factor.CheckAsync(account, pending, answer, request.Client))
        {
            case FactorVerdict.Right right:
                string[] amr = [.. pending.Amr.Split(' ').Concat(right.Amr).Append(SignInGate.MultiFactor).Distinct()];
                return await gate.AdmitAsync(ProofOf(pending, amr, async transaction =>
                {
                    // Under the account's lock: a sign-in that was finished or voided meanwhile uses no code up. It moves on last, since what is left
                    // behind by a lost race must not count as proved.
                    if (!await pendings.IsStillAsync(transaction, pending) || !await right.Settle(transaction) || !await pendings.TryMoveAsync(transaction, pending, PendingStep.Room, amr))
                    {
                        return false;
                    }

                    await attempts.SucceedAsync(transaction, account.Id, factor);
                    return true;
                }) with
                { ProvesAddress = right.ProvesAddress }, request);
            case FactorVerdict.Refused(var refusal):
                await attempts.TakeBackAsync(account.Id, factor);
                return Refuse(refusal);
            default:
                await database.WriteAsync(transaction => audit.RecordAsync(transaction, SecondStepsEvents.Failed, account.Id, request.Client, new { factor.Method }));
                return Refuse(SecondStepsProblems.InvalidCode);
        }
    }

    /// <summary>A factor has just been set up by a sign-in that had to: setting it up proved it, and the sign-in goes on.</summary>
    public async Task<SignInOutcome> FinishEnrolmentAsync(Caller enrolling, IReadOnlyList<string> factorAmr, SignInRequest request)
    {
        if (await database.ReadAsync(scope => pendings.FindByIdAsync(scope, enrolling.PendingId!)) is not { Step: PendingStep.Enrolment } pending)
        {
            return Refuse(SecondStepsProblems.InvalidCode);
        }

        string[] amr = [.. pending.Amr.Split(' ').Concat(factorAmr).Append(SignInGate.MultiFactor).Distinct()];
        return await gate.AdmitAsync(ProofOf(pending, amr, transaction => pendings.TryMoveAsync(transaction, pending, PendingStep.Room, amr)), request);
    }

    private Proof ProofOf(PendingSignIn pending, IReadOnlyList<string> amr, Func<Transaction, Task<bool>> settle) =>
        new(pending.AccountId, amr, settle, pending.UsedTemporaryPassword)
        {
            Finish = transaction => pendings.RemoveAsync(transaction, pending),
            Unsettled = SecondStepsProblems.InvalidCode,
        };

    private SignInOutcome.Refused Refuse(Problem problem)
    {
        gate.Count(problem.Code);
        return new SignInOutcome.Refused(problem);
    }
}
