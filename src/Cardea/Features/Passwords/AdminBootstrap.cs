using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Roles;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cardea.Features.Passwords;

/// <summary>
/// Makes the first administrator from the settings, once. An account that already has the address is taken over with the password of the
/// settings: whoever signed up with it before proves nothing by that, whoever writes the settings owns the server.
/// </summary>
public sealed partial class AdminBootstrap(
    Database database, PasswordsOptions options, AccountStore accounts, AddressProof proof, RoleStore roles, NewPassword newPassword, HashingGate hashing, AuditLog audit, TimeProvider clock, ILogger<AdminBootstrap> log) : IHostedService
{
    /// <summary>Before the door opens: whoever finds it open can sign in.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!Email.TryParse(options.BootstrapEmail, out var email) || !PlainPassword.TryParse(options.BootstrapPassword, out var password)
            || await database.ReadAsync(scope => roles.AnyHasAsync(scope, RoleName.Admin)))
        {
            return;
        }

        var hash = await hashing.HashAsync(password, HashingPlace.Known("start")) ?? throw new InvalidOperationException("Nothing else hashes at start.");
        var made = await database.WriteAsync(async transaction =>
        {
            await transaction.LockAsync("administrators");
            if (await roles.AnyHasAsync(transaction, RoleName.Admin))
            {
                return null; // another node was first
            }

            var account = await accounts.FindByEmailAsync(transaction, email.Text);
            if (account is not null)
            {
                // Nor do passkeys or an authenticator app that were set up with it: they would open the administrator's account.
                await proof.TakeOverAsync(transaction, account.Id);
                await newPassword.SetAsync(transaction, account, hash, ClientInfo.Server("start"), exceptSession: null);
            }
            else
            {
                var now = clock.Milliseconds();
                account = new Account { Id = Id.New(clock), Email = email.Text, PasswordHash = hash, PasswordChangedAt = now, EmailVerifiedAt = now, CreatedAt = now };
                await accounts.AddAsync(transaction, account);
            }

            await roles.GrantAsync(transaction, account.Id, RoleName.User);
            await roles.GrantAsync(transaction, account.Id, RoleName.Admin);
            await audit.RecordAsync(transaction, PasswordEvents.AdminBootstrapped, account.Id, ClientInfo.Server("start"));
            transaction.Invalidate(AccountDirectory.Topic, account.Id);
            return account.Id;
        });
        if (made is not null)
        {
            LogMade(made);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1, LogLevel.Information, "Made the first administrator from the settings: account {AccountId}")]
    private partial void LogMade(string accountId);
}
