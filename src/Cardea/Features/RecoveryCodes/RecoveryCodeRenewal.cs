using Cardea.Features.Accounts;
using Cardea.Features.SecondSteps;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.RecoveryCodes;

/// <summary>Makes a new set for its owner; both doors pass here.</summary>
public sealed class RecoveryCodeRenewal(Database database, AccountDirectory accounts, RecoveryCodes codes, SecondFactorChange change, RecentSignIn recent)
{
    public static readonly Problem NothingSetUp = new("no_second_factor", 409, "Nothing is set up", "Set up an authenticator app or a passkey first: recovery codes stand in for one.");

    public Task<(IReadOnlyList<string>? Codes, Problem? Refusal)> RenewAsync(Caller caller, ClientInfo client) => database.WriteAsync<(IReadOnlyList<string>?, Problem?)>(async transaction =>
    {
        if (await accounts.FindForUpdateAsync(transaction, caller.AccountId) is not { } account)
        {
            return (null, CommonProblems.Unauthorized);
        }

        if (await recent.RefuseAsync(transaction, account, caller) is { } refusal)
        {
            return (null, refusal);
        }

        if (!account.Account.HasSecondFactor)
        {
            return (null, NothingSetUp);
        }

        var renewed = await codes.RenewAsync(transaction, account.Id);
        await change.ApplyAsync(transaction, account, RecoveryCodesEvents.Renewed, new Phrase("New recovery codes were made. The old ones work no more."), caller, client, endOthers: false);
        return (renewed, null);
    });
}
