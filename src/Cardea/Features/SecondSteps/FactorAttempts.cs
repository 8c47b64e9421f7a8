using Cardea.Features.RateLimits;
using Cardea.Foundation.Data;

namespace Cardea.Features.SecondSteps;

/// <summary>
/// How often a second step may be wrong. Counted on the account and the method, and not begun again by a new first step: else whoever knows the
/// password has as many tries as they like. Ten are free and then the pauses grow from a quarter of an hour to a day: 17 guesses on the first day,
/// of which each hits one of three codes in a million.
/// </summary>
public sealed class FactorAttempts(Database database, AttemptCounters counters)
{
    private static readonly AttemptLadder Ladder = new(Free: 10, TimeSpan.FromMinutes(15), TimeSpan.FromHours(24), Last: 100);

    public Task<Blocked?> BeginAsync(string accountId, ISecondFactor factor) => factor.IsGuessable
        ? database.WriteAsync(transaction => counters.BeginAsync(transaction, Key(accountId, factor), Ladder))
        : Task.FromResult<Blocked?>(null);

    public Task SucceedAsync(Transaction transaction, string accountId, ISecondFactor factor) =>
        factor.IsGuessable ? counters.ForgetAsync(transaction, Key(accountId, factor)) : Task.CompletedTask;

    public Task TakeBackAsync(string accountId, ISecondFactor factor) =>
        factor.IsGuessable ? database.WriteAsync(transaction => counters.TakeBackAsync(transaction, Key(accountId, factor))) : Task.CompletedTask;

    /// <summary>The factor is a new one: guesses at the old one count no more.</summary>
    public Task ForgetAsync(Transaction transaction, string accountId, ISecondFactor factor) => counters.ForgetAsync(transaction, Key(accountId, factor));

    private static string Key(string accountId, ISecondFactor factor) => $"factor:{accountId}:{factor.Method}";
}
