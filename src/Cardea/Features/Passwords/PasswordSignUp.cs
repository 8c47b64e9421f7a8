using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.RateLimits;
using Cardea.Features.Roles;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passwords;

public sealed record NewAccount(Email Email, PlainPassword Password, Username? Username, string? GivenName, string? FamilyName);

/// <summary>Makes an account with a password and mails its address the proof.</summary>
public sealed class PasswordSignUp(
    Database database, AccountsOptions options, AccountStore accounts, RoleStore roles, EmailVerification verification, HashingGate hashing, Allowances allowances,
    Outbox outbox, MailAllowance mailAllowance, AccountMails mails, AuditLog audit, TimeProvider clock)
{
    private static readonly Allowance PerAddress = new("sign-ups", 1000, TimeSpan.FromHours(1));
    private static readonly Allowance Hold = new("username-held", 1, TimeSpan.FromDays(7));

    public async Task<(UserBody? User, Problem? Refusal)> SignUpAsync(NewAccount request, ClientInfo client)
    {
        if (!options.SignUpEnabled)
        {
            return (null, PasswordProblems.SignUpDisabled);
        }

        // Where it is no secret, a taken name is told before a hash is computed for nothing.
        if (!options.ConcealExistingAccounts && await database.ReadAsync(scope => FindTakenAsync(scope, request)) is { } taken)
        {
            return (null, taken);
        }

        if (await hashing.HashAsync(request.Password, HashingPlace.Stranger(client.AddressGroup)) is not { } hash)
        {
            return (null, CommonProblems.Overloaded);
        }

        // Counted by itself: everybody behind one address waits for this row, and would wait as long as its transaction lasts.
        return await database.WriteAsync(transaction => allowances.TakeAsync(transaction, PerAddress, client.AddressGroup)) is { } wait
            ? (null, CommonProblems.TooManyRequests.After(wait))
            : await database.WriteAsync(transaction => AddAsync(transaction, request, hash, client));
    }

    private async Task<(UserBody?, Problem?)> AddAsync(Transaction transaction, NewAccount request, string hash, ClientInfo client)
    {
        var now = clock.Milliseconds();
        var account = new Account
        {
            Id = Id.New(clock),
            Email = request.Email.Text,
            Username = request.Username?.Text,
            GivenName = request.GivenName,
            FamilyName = request.FamilyName,
            PasswordHash = hash,
            PasswordChangedAt = now,
            CreatedAt = now,
        };
        if (options.ConcealExistingAccounts && await HoldUsernameAsync(transaction, request) is { } held)
        {
            return (null, held);
        }

        switch (await accounts.AddAsync(transaction, account))
        {
            case AddedAccount.UsernameTaken:
                return (null, AccountProblems.UsernameTaken);
            case AddedAccount.EmailTaken when !options.ConcealExistingAccounts:
                return (null, AccountProblems.EmailTaken);
            case AddedAccount.EmailTaken:
                await TellOwnerAsync(transaction, account.Email, client);
                break;
            default:
                await roles.GrantAsync(transaction, account.Id, RoleName.User);
                await verification.SendFirstAsync(transaction, account, client);
                await audit.RecordAsync(transaction, AccountEvents.SignedUp, account.Id, client);
                break;
        }

        return (UserBody.Of(account, [RoleName.User]), null);
    }

    private async Task<Problem?> FindTakenAsync(Scope scope, NewAccount request) =>
        await accounts.FindByEmailAsync(scope, request.Email.Text) is not null ? AccountProblems.EmailTaken
        : request.Username is { } username && await accounts.FindByUsernameAsync(scope, username.Key) is not null ? AccountProblems.UsernameTaken
        : null;

    /// <summary>
    /// A sign-up that only seemed to work must take the username as a real one does: or a second one with the same name would tell whether
    /// the first address had an account.
    /// </summary>
    private async Task<Problem?> HoldUsernameAsync(Transaction transaction, NewAccount request) =>
        request.Username is { } username
        && (await accounts.FindByUsernameAsync(transaction, username.Key) is not null || await allowances.TakeAsync(transaction, Hold, username.Key) is not null)
            ? AccountProblems.UsernameTaken
            : null;

    private async Task TellOwnerAsync(Transaction transaction, string email, ClientInfo client)
    {
        if (await accounts.FindByEmailAsync(transaction, email) is { } owner)
        {
            await audit.RecordAsync(transaction, AccountEvents.SignUpTaken, owner.Id, client);
            if (await mailAllowance.TryTakeAsync(transaction, "account-exists", owner.Email))
            {
                await outbox.EnqueueAsync(transaction, mails.AccountExists(owner, client.Language));
            }
        }
    }
}
