using Cardea.Features.Accounts;
using Cardea.Features.SecondSteps;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passkeys;

/// <summary>Gives a passkey another name, or takes it away. Somebody else's is as unknown as one that never was.</summary>
public sealed class PasskeyChanges(Database database, PasskeyStore store, AccountDirectory accounts, SecondFactorChange change, RecentSignIn recent)
{
    public Task<(Passkey? Passkey, Problem? Refusal)> RenameAsync(Caller caller, string id, string name, ClientInfo client) => database.WriteAsync<(Passkey?, Problem?)>(async transaction =>
    {
        if (await accounts.FindForUpdateAsync(transaction, caller.AccountId) is not { } account)
        {
            return (null, CommonProblems.Unauthorized);
        }

        if (await recent.RefuseAsync(transaction, account, caller) is { } refusal)
        {
            return (null, refusal);
        }

        if (!await store.TryRenameAsync(transaction, account.Id, id, name))
        {
            return (null, CommonProblems.NotFound);
        }

        await change.TellAsync(transaction, account, PasskeysEvents.Renamed, new Phrase("A passkey was renamed."), caller, client, new { Id = id });
        return (await store.FindAsync(transaction, account.Id, id), null);
    });

    public Task<Problem?> RemoveAsync(Caller caller, string id, ClientInfo client) => database.WriteAsync(async transaction =>
    {
        if (await accounts.FindForUpdateAsync(transaction, caller.AccountId) is not { } account)
        {
            return CommonProblems.Unauthorized;
        }

        if (await recent.RefuseAsync(transaction, account, caller) is { } refusal)
        {
            return refusal;
        }

        var all = await store.ListAsync(transaction, account.Id);
        if (all.TrueForAll(passkey => passkey.Id != id))
        {
            return CommonProblems.NotFound;
        }

        // Also where one that is a second step only would stay: it lets nobody in.
        if (account.Account.PasswordHash is null && !all.Exists(passkey => passkey.Id != id && passkey.IsUserVerified))
        {
            return PasskeysProblems.LastSignInMethod;
        }

        await store.TryRemoveAsync(transaction, account.Id, id);
        await change.ApplyAsync(transaction, account, PasskeysEvents.Removed, new Phrase("A passkey was removed."), caller, client, endOthers: true, new { Id = id });
        return null;
    });
}
