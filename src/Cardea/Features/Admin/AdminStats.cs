using System.Globalization;
using Cardea.Features.Mail;
using Cardea.Features.SecondSteps;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;

namespace Cardea.Features.Admin;

/// <summary>One day of the plots, in UTC.</summary>
public sealed record DayBody(string Day, long SignIns, long Failures, long NewAccounts);

public sealed record StatsBody(
    long Accounts, long Verified, long Disabled, long Administrators, long ActiveSessions, long WithSecondFactor, IReadOnlyDictionary<string, long> Factors,
    IReadOnlyDictionary<string, long> Mail, IReadOnlyList<DayBody> Days);


/// <summary>Figures for the dashboard. Counting a million rows takes a moment, so they are counted at most every few seconds.</summary>
public sealed class AdminStats(Database database, AdminStatsStore store, SessionStore sessions, SessionsOptions sessionsOptions, OutboxStore outbox, IEnumerable<FactorUse> factors, TimeProvider clock)
    : IDisposable
{
    public const int Days = 30;
    private const long Day = 86_400_000;
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _counting = new(1, 1);
    private (long At, StatsBody Body)? _counted;

    public async Task<StatsBody> ReadAsync()
    {
        await _counting.WaitAsync();
        try
        {
            var now = clock.Milliseconds();
            if (_counted is { } known && now - known.At is >= 0 and var age && age < Fresh.TotalMilliseconds)
            {
                return known.Body;
            }

            var body = await database.ReadAsync(scope => CountAsync(scope, now));
            _counted = (now, body);
            return body;
        }
        finally
        {
            _counting.Release();
        }
    }

    public void Dispose() => _counting.Dispose();

    private async Task<StatsBody> CountAsync(Scope scope, long now)
    {
        var today = now / Day;
        var from = (today - Days + 1) * Day;
        var accounts = await store.CountAccountsAsync(scope);
        var events = await store.CountEventsByDayAsync(scope, from, [SignInEvents.SignedIn.Name, SignInEvents.Failed.Name, SecondStepsEvents.Failed.Name]);
        var added = (await store.CountNewAccountsByDayAsync(scope, from)).ToDictionary(row => row.Day, row => row.Count);
        var inUse = new Dictionary<string, long>();
        foreach (var factor in factors)
        {
            inUse[factor.Method] = await factor.CountAsync(scope);
        }

        var mail = new Dictionary<string, long> { [MailState.Queued] = 0, [MailState.Sent] = 0, [MailState.Parked] = 0 };
        foreach (var (state, count) in await outbox.CountByStateAsync(scope))
        {
            mail[state] = count;
        }

        return new(
            accounts.Accounts, accounts.Verified, accounts.Disabled, await store.CountAdministratorsAsync(scope),
            await sessions.CountLiveAsync(scope, now, now - (long)sessionsOptions.Idle.TotalMilliseconds), accounts.WithSecondFactor, inUse, mail,
            [.. Enumerable.Range(0, Days).Select(back => today - Days + 1 + back).Select(day => new DayBody(
                DateTimeOffset.FromUnixTimeMilliseconds(day * Day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                events.Where(row => row.Day == day && row.Event == SignInEvents.SignedIn.Name).Sum(row => row.Count),
                events.Where(row => row.Day == day && row.Event != SignInEvents.SignedIn.Name).Sum(row => row.Count),
                added.GetValueOrDefault(day)))]);
    }
}
