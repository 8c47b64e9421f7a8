using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Passwords;
using Cardea.Features.Roles;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;

namespace Cardea.Features.Admin;

/// <summary>An account that somebody makes for somebody else. The password is temporary: its owner chooses another at the first sign-in.</summary>
/// <param name="IsVerified">Whether the administrator vouches for the address.</param>
public sealed record MadeAccount(Email Email, Username? Username, string? GivenName, string? FamilyName, IReadOnlyList<string> Roles, bool IsVerified);

public sealed class AccountCreation(Database database, AccountStore accounts, RoleStore roles, HashingGate hashing, PasswordReset reset, AuditLog audit, TimeProvider clock)
{
    /// <param name="password">Null invites the owner by mail to set one.</param>
    public async Task<(Account? Account, Problem? Refusal)> AddAsync(MadeAccount made, PlainPassword? password, Administrator by)
    {
        var hash = password is null ? null : await hashing.HashAsync(password, HashingPlace.Known(by.Actor));
        if (password is not null && hash is null)
        {
            return (null, CommonProblems.Overloaded);
        }

        return await database.WriteAsync<(Account?, Problem?)>(async transaction =>
        {
            var now = clock.Milliseconds();
            var account = new Account
            {
                Id = Id.New(clock),
                Email = made.Email.Text,
                Username = made.Username?.Text,
                GivenName = made.GivenName,
                FamilyName = made.FamilyName,
                PasswordHash = hash,
                PasswordChangedAt = hash is null ? null : now,
                PasswordChangeRequired = hash is not null,
                EmailVerifiedAt = made.IsVerified ? now : null,
                CreatedAt = now,
            };
            foreach (var role in made.Roles)
            {
                if (!await roles.ExistsAsync(transaction, role))
                {
                    return (null, AdminProblems.UnknownRole);
                }
            }

            switch (await accounts.AddAsync(transaction, account))
            {
                case AddedAccount.EmailTaken:
                    return (null, AccountProblems.EmailTaken);
                case AddedAccount.UsernameTaken:
                    return (null, AccountProblems.UsernameTaken);
            }

            string[] granted = [.. made.Roles.Append(RoleName.User).Distinct().Order(StringComparer.Ordinal)];
            foreach (var role in granted)
            {
                await roles.GrantAsync(transaction, account.Id, role);
            }

            await audit.RecordAsync(transaction, AdminEvents.AccountAdded, account.Id, by.Client, new { Roles = granted }, actorId: by.Actor);
            if (hash is null)
            {
                await reset.InviteAsync(transaction, account, by.Client.Language);
                await audit.RecordAsync(transaction, AdminEvents.Invited, account.Id, by.Client, actorId: by.Actor);
            }

            return (account, null);
        });
    }
}
