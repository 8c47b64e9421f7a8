using Cardea.Foundation.Data;

namespace Cardea.Features.RateLimits;

/// <summary>
/// Counts wrong guesses at one secret in the database. A try is counted before it is checked and taken back when it was right, each in a
/// short transaction of its own: so a hundred parallel guesses count as a hundred, and neither a rollback nor a restart forgets one.
/// </summary>
public sealed class AttemptCounters(AttemptCounterStore store, Allowances allowances, TimeProvider clock)
{
    /// <returns>Null when the try is counted and may be made; otherwise how long to wait, and nothing is counted.</returns>
    public async Task<Blocked?> BeginAsync(Transaction transaction, string key, AttemptLadder ladder)
    {
        var now = clock.Milliseconds();
        if (await store.TryCountAsync(transaction, key, now) is not { } failures)
        {
            var until = await store.GetBlockedUntilAsync(transaction, key);
            return await allowances.BlockAsync(transaction, FormattableString.Invariant($"{key} until {until}"), TimeSpan.FromMilliseconds(until - now));
        }

        if (ladder.PauseAfter(failures) is { Ticks: > 0 } pause)
        {
            await store.SetBlockedUntilAsync(transaction, key, now + (long)pause.TotalMilliseconds);
        }

        return null;
    }

    /// <summary>How many failures in a row there are by now.</summary>
    public Task<long> CountAsync(Scope scope, string key) => store.GetFailuresAsync(scope, key);

    /// <summary>The try was not looked at after all: it is as if it had not been made.</summary>
    public Task TakeBackAsync(Transaction transaction, string key) => store.TakeBackAsync(transaction, key);

    /// <summary>The guess was right: only failures in a row count, so the counter begins again.</summary>
    public Task ForgetAsync(Transaction transaction, string key) => store.RemoveAsync(transaction, key);

    /// <summary>Until when one of these keys is blocked; null when all of them may be tried.</summary>
    public Task<long?> FindLastBlockAsync(Scope scope, string prefix) => store.FindLastBlockAsync(scope, prefix, clock.Milliseconds());

    /// <summary>Something stronger than a guess has happened to what these keys guard: all of them begin again.</summary>
    public Task ForgetAllAsync(Transaction transaction, string prefix) => store.RemoveByPrefixAsync(transaction, prefix);
}
