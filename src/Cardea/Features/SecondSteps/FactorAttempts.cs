using Cardea.Features.RateLimits;
using Cardea.Foundation.Data;

namespace Cardea.Features.SecondSteps;

/// <summary>
/// How often a second step may be wrong. At a sign-in it is counted on the account and the method, and not begun again by a new first step: else whoever knows the
/// password has as many tries as they like. Ten are free and then the pauses grow from a quarter of an hour to a day: 17 guesses on the first day,
/// of which each hits one of three codes in a million. Inside a living session it is counted apart, so that who has stolen one can't lock its owner out of signing in:
/// on the session, 14 on the first day and 20 in all, and on all sessions of the account together. Who has a session and the password has 31 guesses on the first day,
/// less than one chance in ten thousand.
/// </summary>
public sealed class FactorAttempts(Database database, AttemptCounters counters)
{
    private static readonly AttemptLadder AtSignIn = new(Free: 10, TimeSpan.FromMinutes(15), TimeSpan.FromHours(24), Last: 100);
    private static readonly AttemptLadder InSession = new(Free: 10, TimeSpan.FromHours(1), TimeSpan.FromHours(24), Last: 20);

    /// <summary>Begins to pause where one session alone never comes: it takes nothing from the others.</summary>
    private static readonly AttemptLadder InAllSessions = InSession with { Free = 21, Last = 100 };

    /// <param name="sessionId">Of the living session that confirms itself; null at a sign-in.</param>
    public Task<Blocked?> BeginAsync(string accountId, ISecondFactor factor, string? sessionId = null) => !factor.IsGuessable ? Task.FromResult<Blocked?>(null)
        : sessionId is null ? database.WriteAsync(transaction => counters.BeginAsync(transaction, Key(accountId, factor.Method), AtSignIn))
        : database.WriteAsync(async transaction =>
        {
            var session = KeyOf(accountId, factor.Method, sessionId);
            if (await counters.BeginAsync(transaction, session, InSession) is { } blocked)
            {
                return blocked;
            }

            var inAll = await counters.BeginAsync(transaction, KeyOfAll(accountId, factor.Method), InAllSessions);
            if (inAll is not null)
            {
                await counters.TakeBackAsync(transaction, session);
            }

            return inAll;
        });

    public async Task SucceedAsync(Transaction transaction, string accountId, ISecondFactor factor, string? sessionId = null)
    {
        foreach (var key in factor.IsGuessable ? Keys(accountId, factor, sessionId) : [])
        {
            await counters.ForgetAsync(transaction, key);
        }
    }

    public Task TakeBackAsync(string accountId, ISecondFactor factor, string? sessionId = null) => !factor.IsGuessable ? Task.CompletedTask : database.WriteAsync(async transaction =>
    {
        foreach (var key in Keys(accountId, factor, sessionId))
        {
            await counters.TakeBackAsync(transaction, key);
        }
    });

    /// <summary>The factor is a new one: guesses at the old one count no more.</summary>
    public Task ForgetAsync(Transaction transaction, string accountId, ISecondFactor factor) => counters.ForgetAllAsync(transaction, Key(accountId, factor.Method));

    /// <summary>Every session of the account has ended, and whoever guessed inside one has none any more. Those at a sign-in stay: who has the mailbox has not the phone.</summary>
    public async Task ForgetSessionsAsync(Transaction transaction, string accountId, IEnumerable<ISecondFactor> factors)
    {
        foreach (var factor in factors.Where(factor => factor.IsGuessable))
        {
            await counters.ForgetAsync(transaction, KeyOfAll(accountId, factor.Method));
        }
    }

    private static string[] Keys(string accountId, ISecondFactor factor, string? sessionId) =>
        sessionId is null ? [Key(accountId, factor.Method)] : [KeyOf(accountId, factor.Method, sessionId), KeyOfAll(accountId, factor.Method)];

    private static string Key(string accountId, string method) => $"factor:{accountId}:{method}";

    private static string KeyOf(string accountId, string method, string sessionId) => $"{Key(accountId, method)}:session:{sessionId}";

    private static string KeyOfAll(string accountId, string method) => $"{Key(accountId, method)}:sessions";
}
