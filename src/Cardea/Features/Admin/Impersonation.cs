using Cardea.Crypto.Secrets;
using Cardea.Features.Accounts;
using Cardea.Features.Roles;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Admin;

/// <summary>What a viewing gives.</summary>
/// <param name="CookieSecret">For the browser; null for one that is used by its token.</param>
public sealed record BegunViewing(AccountSnapshot Account, Session Session, SecretToken? CookieSecret)
{
    public override string ToString() => "[viewing]";
}

/// <summary>
/// An administrator views an account as its owner would ("view as"), to see what they see. It is a session of its own, marked with who views: the doors
/// let it look and change nothing (<see cref="Viewing"/>). It lasts half an hour at most and cannot be prolonged. Whether it may go on is asked at each
/// request, so that it is over at once when the administrator signs out, is disabled or loses the permission, or when the setting is taken back.
/// </summary>
public sealed class Impersonation(
    Database database, ImpersonationOptions options, AccountCare care, AccountDirectory directory, RolePermissions permissions, SessionDirectory sessions, SignInGate gate)
{
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(30);

    public bool IsOn => options.IsOn;

    public async Task<(BegunViewing? Begun, Problem? Refusal)> BeginAsync(Caller caller, string accountId, bool forPages, Administrator by)
    {
        if (!options.IsOn)
        {
            return (null, AdminProblems.ImpersonationOff);
        }

        if (caller.IsViewing)
        {
            return (null, CommonProblems.ViewingOnly); // never one inside the other, whichever door forgot it
        }

        if (await care.RefuseAsync(caller, accountId) is { } forbidden)
        {
            return (null, forbidden);
        }

        return await database.WriteAsync<(BegunViewing?, Problem?)>(async transaction =>
        {
            if (await directory.FindForUpdateAsync(transaction, accountId) is not { } account)
            {
                return (null, CommonProblems.NotFound);
            }

            if (await permissions.HoldsAnyAsync(account.Roles))
            {
                return (null, AdminProblems.NotViewed);
            }

            var (session, cookieSecret, refusal) = await gate.OpenViewingAsync(transaction, account, caller, forPages, Longest, by.Client);
            return refusal is null ? (new BegunViewing(account, session!, cookieSecret), null) : (null, refusal);
        });
    }

    public Task EndAsync(Caller viewer, ClientInfo client) => database.WriteAsync(transaction => sessions.TryEndAsync(transaction, viewer.SessionId, viewer.AccountId, client));

    /// <summary>Also told of who is viewed: somebody may have become an administrator meanwhile.</summary>
    public async ValueTask<bool> MayGoOnAsync(Session viewing) =>
        options.IsOn
        && viewing is { ActorId: { } actorId, ActorSessionId: { } actorSessionId }
        && await sessions.FindLiveAsync(actorSessionId) is { IsViewing: false } own && own.AccountId == actorId
        && await directory.FindAsync(actorId) is { Account.IsDisabled: false } actor
        && await permissions.HoldsAsync(actor.Roles, AdminPermissions.AccountsImpersonate.Name)
        && await directory.FindAsync(viewing.AccountId) is { } viewed
        && !await permissions.HoldsAnyAsync(viewed.Roles);

    /// <summary>Whether the account's page should offer it.</summary>
    public async ValueTask<bool> IsOfferedAsync(IReadOnlyList<string> roles, bool isDisabled) => options.IsOn && !isDisabled && !await permissions.HoldsAnyAsync(roles);
}
