using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Accounts;

/// <summary>Everything stored about an account: each room adds its part, and a test holds every table with an account's id to one of them.</summary>
public sealed class AccountExport(Database database, IEnumerable<AccountData> parts, AuditLog audit)
{
    public async Task<IReadOnlyDictionary<string, object>> ReadAsync(string accountId, ClientInfo client)
    {
        await database.WriteAsync(transaction => audit.RecordAsync(transaction, AccountEvents.Exported, accountId, client));
        return await database.ReadAsync(async scope =>
        {
            var export = new Dictionary<string, object>();
            foreach (var part in parts)
            {
                export[part.Section] = await part.ReadAsync(scope, accountId);
            }

            return export;
        });
    }
}
