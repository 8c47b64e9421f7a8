using Cardea.Crypto.Secrets;
using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Passwords;
using Cardea.Features.Roles;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Setup;

/// <summary>Makes the first administrator by the link from the log. Only a new account: one that exists may be a stranger's, who took the address and waits.</summary>
public sealed class FirstAdministrator(Database database, SetupLink link, AccountStore accounts, RoleStore roles, HashingGate hashing, AuditLog audit, TimeProvider clock)
{
    public async Task<Problem?> MakeAsync(string? token, Email email, PlainPassword password, ClientInfo client)
    {
        if (!SecretToken.TryParse(token, out var secret) || !await link.IsGoodAsync(secret))
        {
            return SetupProblems.LinkOver; // before anything is hashed
        }

        if (await hashing.HashAsync(password, HashingPlace.Known("set-up")) is not { } hash)
        {
            return CommonProblems.Overloaded;
        }

        return await database.WriteAsync(async transaction =>
        {
            await transaction.LockAsync(SetupLink.Lock);
            if (!await link.IsGoodAsync(transaction, secret))
            {
                return SetupProblems.LinkOver;
            }

            var now = clock.Milliseconds();
            var account = new Account { Id = Id.New(clock), Email = email.Text, PasswordHash = hash, PasswordChangedAt = now, EmailVerifiedAt = now, CreatedAt = now };
            if (await accounts.AddAsync(transaction, account) is not AddedAccount.Added)
            {
                return AccountProblems.EmailTaken.At("email"); // the link is good for another try
            }

            if (!await link.TryConsumeAsync(transaction, secret))
            {
                throw new InvalidOperationException("The lock is held, and the link was good.");
            }

            await roles.GrantAsync(transaction, account.Id, RoleName.User);
            await roles.GrantAsync(transaction, account.Id, RoleName.Admin);
            await audit.RecordAsync(transaction, SetupEvents.AdministratorMade, account.Id, client);
            transaction.Invalidate(AccountDirectory.Topic, account.Id);
            return null;
        });
    }
}
