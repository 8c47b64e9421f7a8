using Cardea.Features.Audit;
using Cardea.Features.RateLimits;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.SignIn;

/// <summary>
/// Writes down failures that cost their sender nothing: no hash, no session, no tries of an account. A row for each would let whoever likes fill the log, and the disk
/// with it; so of an address group's failures of one kind the first is written within a quarter of an hour, the tenth, the hundredth.
/// </summary>
public sealed class FailedSignIns(Allowances allowances, AuditLog audit)
{
    private static readonly Allowance Counted = new("failed-sign-ins", int.MaxValue, TimeSpan.FromMinutes(15));

    /// <param name="transaction">Where it is written.</param>
    /// <param name="kind">What is written.</param>
    /// <param name="accountId">Whose it is, where it is somebody's.</param>
    /// <param name="client">From where.</param>
    /// <param name="reason">What counts together, such as a method and why it failed.</param>
    /// <param name="detail">Of the row, by how many there were.</param>
    /// <param name="always">Something else bounds it, such as the tries of the account. It costs the same either way, so that time doesn't tell who has an account.</param>
    public async Task RecordAsync(Transaction transaction, AuditKind kind, string? accountId, ClientInfo client, string reason, Func<long, object> detail, bool always = false)
    {
        var times = await allowances.CountAsync(transaction, Counted, $"{kind.Name} {reason} {accountId} {client.AddressGroup}");
        await audit.RecordAsync(transaction, kind, accountId, client, detail(times), isKept: always || Blocked.IsToldAt(times));
    }
}
