using Cardea.Crypto.Secrets;
using Cardea.Features.Standing;
using Cardea.Foundation.Data;

namespace Cardea.Features.SecondSteps;

/// <summary>
/// Sign-ins between two steps. What the client holds is 256 random bits, stored as their SHA-256, ten minutes long; several may wait at once, so
/// that two browsers don't throw each other out of theirs, and the oldest goes when there are too many: who knows the password fills no table.
/// </summary>
public sealed class PendingSignIns(PendingSignInStore store, TimeProvider clock)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>How many of one account may wait at once.</summary>
    public const int Most = 20;

    public async Task<(PendingSignIn Pending, SecretToken Token)> BeginAsync(Transaction transaction, StandingQuestion question, string step)
    {
        var (now, token) = (clock.Milliseconds(), SecretToken.New());
        var pending = new PendingSignIn
        {
            Id = Id.New(clock),
            AccountId = question.Account.Id,
            Step = step,
            Amr = string.Join(' ', question.Amr),
            UsedTemporaryPassword = question.UsedTemporaryPassword,
            ExpiresAt = now + (long)Lifetime.TotalMilliseconds,
        };
        await store.AddAsync(transaction, pending, token.Hash.ToArray(), now);
        await store.RemoveAllButNewestAsync(transaction, pending.AccountId, Most);
        return (pending, token);
    }

    public async Task<PendingSignIn?> FindAsync(Scope scope, string? token) =>
        SecretToken.TryParse(token, out var secret) ? await store.FindLiveByTokenAsync(scope, secret.Hash.ToArray(), clock.Milliseconds()) : null;

    public Task<bool> TryMoveAsync(Transaction transaction, PendingSignIn pending, string to, IEnumerable<string> amr) =>
        store.TryMoveAsync(transaction, pending.Id, pending.Step, to, string.Join(' ', amr), clock.Milliseconds());

    public Task<PendingSignIn?> FindByIdAsync(Scope scope, string id) => store.FindLiveAsync(scope, id, clock.Milliseconds());

    public async Task<bool> IsStillAsync(Scope scope, PendingSignIn pending) => (await FindByIdAsync(scope, pending.Id))?.Step == pending.Step;

    public Task RemoveAsync(Transaction transaction, PendingSignIn pending) => store.RemoveAsync(transaction, pending.Id);

    /// <summary>What they had proved is no longer what it was.</summary>
    public Task VoidAllAsync(Transaction transaction, string accountId, string? except = null) => store.RemoveAllAsync(transaction, accountId, except);
}
