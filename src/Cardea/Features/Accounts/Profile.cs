using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Accounts;

/// <summary>What of a profile is to be another; what is not given stays.</summary>
public sealed record ProfileChange(Email? Email, Optional<string> Username, Optional<string> GivenName, Optional<string> FamilyName);

/// <summary>The owner's changes to the account's own data.</summary>
public sealed class Profile(Database database, AccountStore accounts, AccountDirectory directory, EmailChange emailChange, AuditLog audit)
{
    public async Task<Problem?> ChangeAsync(string accountId, ProfileChange change, ClientInfo client)
    {
        try
        {
            return await database.WriteAsync(transaction => ChangeAsync(transaction, accountId, change, client));
        }
        catch (Exception fault) when (Dialect.IsDuplicate(fault))
        {
            return AccountProblems.UsernameTaken;
        }
    }

    private async Task<Problem?> ChangeAsync(Transaction transaction, string accountId, ProfileChange change, ClientInfo client)
    {
        if (await directory.FindForUpdateAsync(transaction, accountId) is not { Account: var account })
        {
            return CommonProblems.Unauthorized;
        }

        var changed = new Account
        {
            Id = account.Id,
            Email = account.Email,
            Username = change.Username.IsGiven ? change.Username.Value : account.Username,
            GivenName = change.GivenName.IsGiven ? change.GivenName.Value : account.GivenName,
            FamilyName = change.FamilyName.IsGiven ? change.FamilyName.Value : account.FamilyName,
        };
        string[] fields = [.. Changed(account, changed)];
        if (fields.Length > 0)
        {
            await accounts.SetProfileAsync(transaction, changed);
            await audit.RecordAsync(transaction, AccountEvents.ProfileChanged, accountId, client, new { Fields = fields });
            transaction.Invalidate(AccountDirectory.Topic, accountId);
        }

        if (change.Email is { } email && email.Text != account.Email)
        {
            await emailChange.AskAsync(transaction, account, email, client);
        }

        return null;
    }

    private static IEnumerable<string> Changed(Account before, Account after)
    {
        if (before.Username != after.Username)
        {
            yield return "username";
        }

        if (before.GivenName != after.GivenName)
        {
            yield return "given_name";
        }

        if (before.FamilyName != after.FamilyName)
        {
            yield return "family_name";
        }
    }
}
