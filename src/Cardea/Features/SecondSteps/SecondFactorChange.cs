using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.SecondSteps;

/// <summary>
/// What goes with every change to how one signs in, whichever factor it is: the account knows whether it has one, devices are trusted no more, waiting
/// sign-ins are void, the owner is told.
/// </summary>
public sealed class SecondFactorChange(
    IEnumerable<ISecondFactor> factors, AccountStore accounts, SessionDirectory sessions, DeviceStore devices, PendingSignIns pendings, IEnumerable<FactorsGone> leftovers,
    IEnumerable<FactorRemoval> removals, Outbox outbox,
    AuditLog audit, TimeProvider clock)
{
    /// <summary>Call it after the change, in its transaction, with the account's row locked.</summary>
    /// <param name="what">Told to the owner, in their language: "An authenticator app was set up".</param>
    /// <param name="endOthers">Other sessions end: always where something was taken away, and where the first factor came, since the others never proved it.</param>
    public async Task ApplyAsync(Transaction transaction, AccountSnapshot account, AuditKind kind, Phrase what, Caller caller, ClientInfo client, bool endOthers, object? detail = null)
    {
        var had = account.Account.HasSecondFactor;
        await SettleAsync(transaction, account, exceptPending: caller.PendingId);
        if (endOthers || !had)
        {
            await sessions.EndAllAsync(transaction, account.Id, except: caller.SessionId);
        }

        await TellAsync(transaction, account, kind, what, caller, client, detail);
    }

    /// <summary>
    /// For an owner who has lost what they proved themselves by: somebody else takes it away. Every session ends, since whoever found the phone may be in
    /// one of them, and the next sign-in is what it is for an account that has never set up anything. To remember and to tell is left to who does it.
    /// </summary>
    /// <param name="keep">What stays, by the names of the listing of factors.</param>
    /// <returns>What was taken away.</returns>
    public async Task<IReadOnlyList<string>> RemoveAllAsync(Transaction transaction, AccountSnapshot account, IReadOnlyList<string> keep)
    {
        var removed = new List<string>();
        foreach (var removal in removals.Where(removal => !keep.Contains(removal.Member)))
        {
            if (await removal.RemoveAsync(transaction, account.Id) > 0)
            {
                removed.Add(removal.Member);
            }
        }

        await SettleAsync(transaction, account, exceptPending: null);
        await sessions.EndAllAsync(transaction, account.Id);
        return removed;
    }

    private async Task SettleAsync(Transaction transaction, AccountSnapshot account, string? exceptPending)
    {
        var has = await HasAnyAsync(transaction, account);
        await accounts.SetHasSecondFactorAsync(transaction, account.Id, has);
        if (!has)
        {
            foreach (var leftover in leftovers)
            {
                await leftover.ForgetAsync(transaction, account.Id);
            }
        }

        await devices.DistrustAllAsync(transaction, account.Id);
        await pendings.VoidAllAsync(transaction, account.Id, except: exceptPending);
        transaction.Invalidate(AccountDirectory.Topic, account.Id);
    }

    /// <summary>For what changes a factor and not who gets in, such as its name: it is remembered, and its owner told.</summary>
    public async Task TellAsync(Transaction transaction, AccountSnapshot account, AuditKind kind, Phrase what, Caller caller, ClientInfo client, object? detail = null)
    {
        await audit.RecordAsync(transaction, kind, account.Id, client, detail, caller.SessionId.Length > 0 ? caller.SessionId : null);
        await outbox.EnqueueAsync(transaction, new Mail.Mail("factor-changed", account.Account.Email, account.Id, client.Language, AccountMails.Greeting(account.Account)
            .PlusTime(clock.GetUtcNow(), client.Language)
            .Plus("what", Texts.In(client.Language)[what])
            .Plus("address", client.Address)
            .Plus("device", Texts.In(client.Language)[DeviceName.Of(client.UserAgent)]), AccountMails.ToOwner(account.Account)));
    }

    private async Task<bool> HasAnyAsync(Transaction transaction, AccountSnapshot account)
    {
        foreach (var factor in factors.Where(factor => factor.Kind is FactorKind.SetUp))
        {
            if (await factor.IsAvailableAsync(transaction, account, null))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>How a room takes away all that an account has of its kind, for an owner who has lost it.</summary>
/// <param name="Member">As in the listing of factors, such as <c>totp</c>.</param>
/// <param name="RemoveAsync">Says how many there were.</param>
public sealed record FactorRemoval(string Member, Func<Transaction, string, Task<int>> RemoveAsync);

/// <summary>What a room throws away when the last factor that was set up is gone, such as the codes that stood in for it.</summary>
public sealed record FactorsGone(Func<Transaction, string, Task> ForgetAsync);
