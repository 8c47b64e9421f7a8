using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Passwords;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;

namespace Cardea.Features.Admin;

/// <summary>A password that somebody else sets. It is temporary, so nobody but the owner knows one that lasts; the owner is told by mail.</summary>
public sealed class PasswordSetting(Database database, AccountStore accounts, HashingGate hashing, NewPassword newPassword, AuditLog audit)
{
    public async Task<Problem?> SetAsync(string accountId, PlainPassword password, Administrator by)
    {
        if (await hashing.HashAsync(password) is not { } hash)
        {
            return CommonProblems.Overloaded;
        }

        return await database.WriteAsync(async transaction =>
        {
            if (await accounts.FindForUpdateAsync(transaction, accountId) is not { } account)
            {
                return CommonProblems.NotFound;
            }

            await newPassword.SetAsync(transaction, account, hash, by.Client, exceptSession: null, isTemporary: true);
            await audit.RecordAsync(transaction, AdminEvents.PasswordSet, accountId, by.Client, actorId: by.Actor);
            return null;
        });
    }
}
