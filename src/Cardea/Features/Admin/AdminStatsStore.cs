using Cardea.Foundation.Data;

namespace Cardea.Features.Admin;

public sealed class AdminStatsStore
{
    private const long Day = 86_400_000;

    public Task<(long Accounts, long Verified, long Disabled, long WithSecondFactor)> CountAccountsAsync(Scope scope) => scope.GetAsync<(long, long, long, long)>(
        """
        SELECT COUNT(*), COUNT(email_verified_at), COUNT(disabled_at), coalesce(SUM(has_second_factor), 0) FROM accounts
        """);

    public Task<long> CountAdministratorsAsync(Scope scope) => scope.GetAsync<long>(
        "SELECT COUNT(*) FROM account_roles held JOIN accounts a ON a.id = held.account_id WHERE held.role = 'admin' AND a.disabled_at IS NULL");

    public Task<List<(long Day, string Event, long Count)>> CountEventsByDayAsync(Scope scope, long from, IReadOnlyList<string> events) => scope.QueryAsync<(long, string, long)>(
        $"""
        SELECT at / {Day}, event, COUNT(*) FROM audit_events
        WHERE event IN ({string.Join(", ", events.Select((_, i) => "@e" + i))}) AND id >= @firstId GROUP BY at / {Day}, event
        """,
        events.Select((name, i) => KeyValuePair.Create("e" + i, (object)name)).Append(new("firstId", Id.FirstAt(from))).ToDictionary());

    public Task<List<(long Day, long Count)>> CountNewAccountsByDayAsync(Scope scope, long from) =>
        scope.QueryAsync<(long, long)>($"SELECT created_at / {Day}, COUNT(*) FROM accounts WHERE created_at >= @from GROUP BY created_at / {Day}", new { from });
}
