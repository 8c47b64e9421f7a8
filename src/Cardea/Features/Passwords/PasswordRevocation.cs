using Cardea.Crypto.Secrets;
using Cardea.Features.Accounts;
using Cardea.Features.SecondSteps;
using Cardea.Foundation.Data;

namespace Cardea.Features.Passwords;

/// <summary>
/// Somebody else knows the password: it is nobody's from now on. Not even the way to a new one opens with it; that is given to whoever reads the
/// account's mail. What was begun with it, or mailed before, is void.
/// </summary>
public sealed class PasswordRevocation(AccountStore accounts, OneTimeSecrets.OneTimeSecrets secrets, PendingSignIns pendings)
{
    /// <returns>The one-use token with which a new password is set; null for an account that had none.</returns>
    public async Task<SecretToken?> RevokeAsync(Transaction transaction, Account account)
    {
        await secrets.VoidAllAsync(transaction, account.Id);
        await pendings.VoidAllAsync(transaction, account.Id);
        if (account.PasswordHash is null)
        {
            return null;
        }

        await accounts.RemovePasswordAsync(transaction, account.Id);
        transaction.Invalidate(AccountDirectory.Topic, account.Id);
        return await LetSetAsync(transaction, account);
    }

    /// <summary>Another token for who has not used the first.</summary>
    public async Task<SecretToken> LetSetAsync(Transaction transaction, Account account) =>
        (await secrets.IssueAsync(transaction, PasswordReset.ChangePurpose, account.Id)).Token!;
}
