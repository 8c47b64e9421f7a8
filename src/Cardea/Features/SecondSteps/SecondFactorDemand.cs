using Cardea.Features.Audit;
using Cardea.Features.Roles;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Features.Standing;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;

namespace Cardea.Features.SecondSteps;

/// <summary>
/// "Is one proof enough?" Asked in the account's standing, so by every way to sign in. Who has set up a factor is asked for it; who has none and
/// must have one sets it up now; and a code by mail is asked for where the operator wants one and there is nothing stronger.
/// </summary>
public sealed class SecondFactorDemand(IEnumerable<ISecondFactor> factors, SecondStepsOptions options, PendingSignIns pendings, KnownDevices devices, AuditLog audit)
{
    private readonly ISecondFactor[] _factors = [.. factors];

    public async ValueTask<Problem?> RefuseAsync(StandingQuestion question)
    {
        // A living session passed here when it was made, and whatever changes the factors ends the others.
        if (question.Transaction is not { } transaction || question.Client is not { } client)
        {
            return null;
        }

        var (account, isMultiFactor) = (question.Account, question.Amr.Contains(SignInGate.MultiFactor));
        if (account.Account.HasSecondFactor)
        {
            return isMultiFactor || await devices.IsTrustedAsync(transaction, account.Id, client) ? null : await AskAsync(transaction, question, FactorKind.SetUp, FactorKind.Reserve);
        }

        // A mailed code is two steps, but no factor that was set up: it does not spare who must have one.
        if (IsDemanded(account.Roles))
        {
            var (_, token) = await pendings.BeginAsync(transaction, question, PendingStep.Enrolment);
            return SecondStepsProblems.EnrolmentRequired.With("enrollment_token", token.Reveal());
        }

        return !isMultiFactor && await IsAvailableAsync(FactorKind.Fallback) && !await devices.IsTrustedAsync(transaction, account.Id, client)
            ? await AskAsync(transaction, question, FactorKind.Fallback)
            : null;

        async Task<bool> IsAvailableAsync(FactorKind kind)
        {
            foreach (var factor in _factors.Where(factor => factor.Kind == kind))
            {
                if (await factor.IsAvailableAsync(transaction, account, question))
                {
                    return true;
                }
            }

            return false;
        }
    }

    public bool IsDemanded(IReadOnlyList<string> roles) => options.RequireSecondFactor switch
    {
        RequireSecondFactor.Everyone => true,
        RequireSecondFactor.Admins => roles.Contains(RoleName.Admin),
        _ => false,
    };

    private async Task<Problem> AskAsync(Transaction transaction, StandingQuestion question, params FactorKind[] kinds)
    {
        var (pending, token) = await pendings.BeginAsync(transaction, question, PendingStep.Factor);
        var methods = new List<string>();
        foreach (var factor in _factors.Where(factor => kinds.Contains(factor.Kind)).OrderBy(factor => factor.Kind))
        {
            if (await factor.IsAvailableAsync(transaction, question.Account, question))
            {
                methods.Add(factor.Method);
                await factor.BeginAsync(transaction, question.Account, pending, question.Client!);
            }
        }

        await audit.RecordAsync(transaction, SecondStepsEvents.Asked, question.Account.Id, question.Client!, new { Methods = methods, question.Amr });
        return SecondStepsProblems.MfaRequired.With("mfa_token", token.Reveal()).With("methods", methods);
    }
}
