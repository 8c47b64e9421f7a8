using Cardea.Features.Audit;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.SecondSteps;

/// <summary>The devices that are asked for no second step, for their owner.</summary>
public sealed class TrustedDevices(Database database, DeviceStore devices, AuditLog audit, TimeProvider clock)
{
    public async Task<List<Device>> ListAsync(Scope scope, string accountId) =>
        [.. (await devices.ListOfAccountAsync(scope, accountId)).Where(device => device.TrustedUntil > clock.Milliseconds())];

    /// <returns>False for an id that is nobody's, somebody else's, or not trusted; these can't be told apart.</returns>
    public async Task<bool> TryEndAsync(Caller caller, string id, ClientInfo client) => Id.IsWellFormed(id) && await database.WriteAsync(async transaction =>
    {
        if (!await devices.TryDistrustAsync(transaction, caller.AccountId, id))
        {
            return false;
        }

        await audit.RecordAsync(transaction, SecondStepsEvents.DeviceDistrusted, caller.AccountId, client, new { Device = id }, caller.SessionId);
        return true;
    });

    public Task EndAllAsync(Caller caller, ClientInfo client) => database.WriteAsync(async transaction =>
    {
        await devices.DistrustAllAsync(transaction, caller.AccountId);
        await audit.RecordAsync(transaction, SecondStepsEvents.DeviceDistrusted, caller.AccountId, client, new { Device = "all" }, caller.SessionId);
    });
}
