using Cardea.Features.Accounts;
using Cardea.Features.SecondSteps;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;

namespace Cardea.Features.Admin;

/// <summary>One account with what hangs on it, for both doors.</summary>
public sealed class AccountDetails(Database database, AccountDirectory directory, SessionDirectory sessions, IEnumerable<FactorPart> factors)
{
    public async Task<AdminUserDetailBody?> FindAsync(string id)
    {
        if (!Id.IsWellFormed(id) || await directory.FindAsync(id) is not { } snapshot)
        {
            return null;
        }

        return await database.ReadAsync(async scope =>
        {
            var set = new Dictionary<string, object?>();
            foreach (var part in factors)
            {
                set[part.Member] = await part.ReadAsync(scope, id);
            }

            return new AdminUserDetailBody(AdminUserBody.Of(snapshot.Account, snapshot.Roles), [.. (await sessions.ListLiveAsync(scope, id)).Select(session => SessionBody.Of(session, null))], set);
        });
    }
}
