using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Passwords;
using Cardea.Features.RateLimits;
using Cardea.Features.Roles;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Admin;

/// <summary>
/// What an administrator does to somebody's account, short of seeing what its owner alone may know. Each deed is one transaction with its audit row, and
/// refuses accounts that may do more than whoever does it.
/// </summary>
public sealed class AccountCare(
    Database database, AccountDirectory directory, AccountStore accounts, RoleStore roles, RolePermissions permissions, SessionDirectory sessions, AccountDeletion deletion,
    AttemptCounters counters, PasswordReset reset, EmailChange emailChange, AuditLog audit, TimeProvider clock)
{
    /// <summary>What guesses at are counted, as the keys of the counters begin.</summary>
    private static readonly string[] Guarded = ["password", "factor", "code"];

    /// <summary>Nobody acts on who may do more than they: else whoever may disable accounts could make themselves the only administrator.</summary>
    public async Task<Problem?> RefuseAsync(Caller caller, string accountId)
    {
        if (!Id.IsWellFormed(accountId) || await directory.FindAsync(accountId) is not { } target)
        {
            return CommonProblems.NotFound;
        }

        return await directory.FindAsync(caller.AccountId) is { } actor && await permissions.CoversAsync(actor.Roles, target.Roles) ? null : CommonProblems.Forbidden;
    }

    /// <summary>Whether the caller may make an account that has these roles.</summary>
    public async Task<Problem?> RefuseToGiveAsync(Caller caller, IReadOnlyList<string> wanted)
    {
        var (known, mine) = (await database.ReadAsync(roles.ListAsync), await RolesOfAsync(caller));
        return wanted.Except(known).Any() ? AdminProblems.UnknownRole
            : await permissions.HoldsAsync(mine, AdminPermissions.RolesWrite.Name) && await permissions.CoversAsync(mine, wanted) ? null
            : CommonProblems.Forbidden;
    }

    public async Task<IReadOnlyList<string>> RolesOfAsync(Caller caller) => (await directory.FindAsync(caller.AccountId))?.Roles ?? [];

    /// <summary>Until when guesses at the password, and at factors and codes, are not looked at; null when they are.</summary>
    public Task<(long? Password, long? Codes)> FindBlocksAsync(string accountId) => database.ReadAsync(async scope =>
    {
        var blocks = new Dictionary<string, long?>();
        foreach (var guarded in Guarded)
        {
            blocks[guarded] = await counters.FindLastBlockAsync(scope, $"{guarded}:{accountId}:");
        }

        return (blocks["password"], blocks.Where(block => block.Key != "password").Max(block => block.Value));
    });

    public async Task<Problem?> ChangeAsync(string accountId, ProfileChange change, bool? isVerified, Administrator by)
    {
        try
        {
            return await database.WriteAsync(transaction => ChangeAsync(transaction, accountId, change, isVerified, by));
        }
        catch (Exception fault) when (Dialect.IsDuplicate(fault))
        {
            return change.Email is { } email && await database.ReadAsync(scope => accounts.FindByEmailAsync(scope, email.Text)) is { } other && other.Id != accountId
                ? AccountProblems.EmailTaken
                : AccountProblems.UsernameTaken;
        }
    }

    public Task<Problem?> DeleteAsync(string accountId, Administrator by) => database.WriteAsync(transaction => deletion.DeleteAsync(transaction, accountId, by.Client, by.Actor));

    /// <summary>Failures in a row count no more, whatever was guessed at; who guesses on begins anew.</summary>
    public Task<Problem?> UnlockAsync(string accountId, Administrator by) => ActAsync(accountId, AdminEvents.AccountUnlocked, by, async (transaction, account) =>
    {
        foreach (var guarded in Guarded)
        {
            await counters.ForgetAllAsync(transaction, $"{guarded}:{account.Id}:");
        }
    });

    public Task<Problem?> SignOutAsync(string accountId, Administrator by) =>
        ActAsync(accountId, AdminEvents.SessionsEnded, by, (transaction, account) => sessions.EndAllAsync(transaction, account.Id, client: by.Client));

    /// <summary>One session, such as that of a lost phone. An id that is of another account's session is none of this one's.</summary>
    public Task<Problem?> EndSessionAsync(string accountId, string sessionId, Administrator by) => database.WriteAsync(async transaction =>
    {
        if (!Id.IsWellFormed(sessionId) || !await sessions.TryEndAsync(transaction, sessionId, accountId, by.Client))
        {
            return CommonProblems.NotFound;
        }

        await audit.RecordAsync(transaction, AdminEvents.SessionEnded, accountId, by.Client, sessionId: sessionId, actorId: by.Actor);
        return null;
    });

    public Task<Problem?> SendResetAsync(string accountId, Administrator by) =>
        ActAsync(accountId, AdminEvents.ResetSent, by, (transaction, account) => reset.SendLinkAsync(transaction, account, by.Client.Language));

    /// <summary>Exactly these roles, and <c>user</c>.</summary>
    public async Task<Problem?> SetRolesAsync(string accountId, IReadOnlyList<string> wanted, IReadOnlyList<string> ofActor, Administrator by)
    {
        string[] after = [.. wanted.Append(RoleName.User).Distinct().Order(StringComparer.Ordinal)];
        return await database.WriteAsync(async transaction =>
        {
            await transaction.LockAsync(RoleGrants.Lock);
            if (await directory.FindForUpdateAsync(transaction, accountId) is not { } account)
            {
                return CommonProblems.NotFound;
            }

            foreach (var role in after)
            {
                if (!await roles.ExistsAsync(transaction, role))
                {
                    return AdminProblems.UnknownRole;
                }
            }

            string[] added = [.. after.Except(account.Roles)], removed = [.. account.Roles.Except(after)];
            if (!await permissions.CoversAsync(ofActor, [.. added, .. removed]))
            {
                return CommonProblems.Forbidden;
            }

            if (removed.Contains(RoleName.Admin) && await roles.IsLastAdminAsync(transaction, accountId))
            {
                return AccountProblems.LastAdmin;
            }

            foreach (var role in added)
            {
                await roles.GrantAsync(transaction, accountId, role);
                await audit.RecordAsync(transaction, AdminEvents.RoleGranted, accountId, by.Client, new { Role = role }, actorId: by.Actor);
            }

            foreach (var role in removed)
            {
                await roles.TryRevokeAsync(transaction, accountId, role);
                await audit.RecordAsync(transaction, AdminEvents.RoleRevoked, accountId, by.Client, new { Role = role }, actorId: by.Actor);
            }

            transaction.Invalidate(AccountDirectory.Topic, accountId);
            return null;
        });
    }

    private async Task<Problem?> ChangeAsync(Transaction transaction, string accountId, ProfileChange change, bool? isVerified, Administrator by)
    {
        if (await accounts.FindForUpdateAsync(transaction, accountId) is not { } account)
        {
            return CommonProblems.NotFound;
        }

        var changed = account with
        {
            Username = change.Username.IsGiven ? change.Username.Value : account.Username,
            GivenName = change.GivenName.IsGiven ? change.GivenName.Value : account.GivenName,
            FamilyName = change.FamilyName.IsGiven ? change.FamilyName.Value : account.FamilyName,
        };
        await accounts.SetProfileAsync(transaction, changed);
        var verified = isVerified ?? account.IsVerified;
        if (change.Email is { } email && email.Text != account.Email)
        {
            verified = isVerified ?? false; // nobody has proved the new one
            await emailChange.SetAsync(transaction, account, email.Text, verified, by.Client);
        }
        else if (verified != account.IsVerified)
        {
            await accounts.SetEmailAsync(transaction, accountId, account.Email, verified, clock.Milliseconds());
        }

        await audit.RecordAsync(
            transaction, AdminEvents.AccountChanged, accountId, by.Client,
            new { Email = change.Email?.Text, Username = change.Username.IsGiven, GivenName = change.GivenName.IsGiven, FamilyName = change.FamilyName.IsGiven, IsVerified = isVerified }, actorId: by.Actor);
        transaction.Invalidate(AccountDirectory.Topic, accountId);
        return null;
    }

    private Task<Problem?> ActAsync(string accountId, AuditKind kind, Administrator by, Func<Transaction, Account, Task> act) => database.WriteAsync<Problem?>(async transaction =>
    {
        if (await accounts.FindForUpdateAsync(transaction, accountId) is not { } account)
        {
            return CommonProblems.NotFound;
        }

        await act(transaction, account);
        await audit.RecordAsync(transaction, kind, accountId, by.Client, actorId: by.Actor);
        return null;
    });
}
