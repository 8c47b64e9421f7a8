using Cardea.Crypto.Secrets;
using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.OneTimeSecrets;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passwords;

/// <summary>
/// A new password for who lost theirs. Asking looks and takes the same for every name. What was mailed works once; setting the password ends
/// every session, voids every other secret of the account, and tells its owner.
/// </summary>
public sealed class PasswordReset(
    Database database, PasswordsOptions options, AccountStore accounts, AccountDirectory directory, AddressProof addressProof, OneTimeSecrets.OneTimeSecrets secrets, CodeAttempts attempts, KnownDevices devices, PasswordPolicy policy, HashingGate hashing, NewPassword newPassword,
    MailAllowance allowance, Outbox outbox, PasswordMails mails, AuditLog audit)
{
    public static readonly SecretPurpose LinkPurpose = new("reset-password", TimeSpan.FromMinutes(60), TimeSpan.Zero);
    public static readonly SecretPurpose CodePurpose = new("reset-code", TimeSpan.Zero, TimeSpan.FromMinutes(10), RemembersGuesses: true);
    public static readonly SecretPurpose TemporaryPurpose = new("temporary-password", TimeSpan.FromMinutes(15), TimeSpan.Zero);

    public static readonly SecretPurpose InvitationPurpose = new("invitation", TimeSpan.FromDays(7), TimeSpan.Zero);

    /// <summary>Given with <c>password_change_required</c>: the password was right, and must be another now.</summary>
    public static readonly SecretPurpose ChangePurpose = new("password-change", TimeSpan.FromMinutes(15), TimeSpan.Zero);

    /// <summary>Stands in for the id of an account that doesn't exist, where a look-up must cost the same.</summary>
    private const string Nobody = "00000000000000000000000000000000";

    /// <summary>What is done about "forgot", behind the asker's back.</summary>
    public async Task ResolveAsync(Transaction transaction, AskedMail asked)
    {
        if (!LoginName.TryParse(asked.Text, out var name)
            || await name.FindAsync(accounts, transaction) is not { IsDisabled: false } account
            || !await allowance.TryTakeAsync(transaction, LinkPurpose.Name, account.Email))
        {
            return;
        }

        await outbox.EnqueueAsync(transaction, options.Recovery switch
        {
            RecoveryMethod.Link => mails.ResetLink(account, await secrets.IssueAsync(transaction, LinkPurpose, account.Id), asked.Client.Language, MailCause.Asked),
            RecoveryMethod.Code => PasswordMails.ResetCode(account, await secrets.IssueAsync(transaction, CodePurpose, account.Id, binding: asked.Client.Binding), asked.Client.Language),
            RecoveryMethod.TemporaryPassword => PasswordMails.Temporary(account, await IssueTemporaryAsync(transaction, account), asked.Client.Language),
            _ => throw new InvalidOperationException($"No mail for {options.Recovery}."),
        });
        await audit.RecordAsync(transaction, PasswordEvents.ResetAsked, account.Id, asked.Client);
    }

    /// <summary>The same mail, whatever way of recovery the pages offer: asked for by an administrator, who sees nothing of it.</summary>
    public async Task SendLinkAsync(Transaction transaction, Account account, string language) =>
        await outbox.EnqueueAsync(transaction, mails.ResetLink(account, await secrets.IssueAsync(transaction, LinkPurpose, account.Id), language, MailCause.Administrator));

    /// <summary>The first password of an account that somebody else has made, set by whoever has its mailbox.</summary>
    public async Task InviteAsync(Transaction transaction, Account account, string language) =>
        await outbox.EnqueueAsync(transaction, mails.Invitation(account, await secrets.IssueAsync(transaction, InvitationPurpose, account.Id), language));

    public async Task<Problem?> ResetByTokenAsync(string token, string? typedPassword, ClientInfo client)
    {
        var (secret, proves) = await database.ReadAsync(async scope =>
            (await secrets.CheckTokenAsync(scope, LinkPurpose, token) ?? await secrets.CheckTokenAsync(scope, InvitationPurpose, token)) is { } mailed
                ? (mailed, true)
                : (await secrets.CheckTokenAsync(scope, ChangePurpose, token), false));
        return await SetAsync(secret, proves, typedPassword, client);
    }

    public async Task<Problem?> ResetByCodeAsync(Email email, string code, string? typedPassword, ClientInfo client)
    {
        var judged = await hashing.JudgeAsync(
            () =>
            {
                var errors = new FieldErrors();
                policy.Accept(typedPassword, "password", [email.Text], errors);
                return errors;
            }, HashingPlace.Stranger(client.AddressGroup));
        if (judged is null or { Any: true })
        {
            return judged?.ToProblem() ?? CommonProblems.Overloaded; // before a try is used up
        }

        var (account, device) = await database.ReadAsync(async scope =>
        {
            var found = await accounts.FindByEmailAsync(scope, email.Text);
            return (found, await devices.RecogniseAsync(scope, found?.Id ?? Nobody, client));
        });
        var key = attempts.KeyFor(CodePurpose, account?.Id, email.Text, client.Binding, KnownAs(device, client));
        if (await attempts.BeginAsync(key) is { } blocked)
        {
            if (blocked.IsTold)
            {
                await database.WriteAsync(transaction => audit.RecordAsync(transaction, PasswordEvents.ResetThrottled, account?.Id, client, new { blocked.Times }));
            }

            return blocked.Problem;
        }

        var secret = await database.WriteAsync(async transaction =>
        {
            var found = await secrets.CheckCodeAsync(transaction, CodePurpose, account?.Id ?? Nobody, code, client.Binding);
            if (found is not null)
            {
                await attempts.SucceedAsync(transaction, key);
            }

            return found;
        });
        return await SetAsync(secret, provesAddress: true, typedPassword, client);
    }

    /// <summary>By an address and a user agent others are known too: a browser that has asked for a code rather has tries of its own.</summary>
    private static string? KnownAs(RecognisedDevice? device, ClientInfo client) => device switch
    {
        { ByToken: true } => "device:" + device.Device.Id,
        { } when client.Binding is null => "place:" + device.Device.Id,
        _ => null,
    };

    private async Task<Problem?> SetAsync(CheckedSecret? secret, bool provesAddress, string? typedPassword, ClientInfo client)
    {
        if (secret is null || await database.ReadAsync(scope => accounts.FindAsync(scope, secret.AccountId)) is not { } account)
        {
            return AccountProblems.InvalidToken; // nothing is hashed for who has no proof
        }

        var errors = new FieldErrors();
        if (policy.Accept(typedPassword, "password", NewPassword.NamesOf(account), errors) is not { } password)
        {
            return errors.ToProblem();
        }

        if (await hashing.HashAsync(password, HashingPlace.Known(account.Id)) is not { } hash)
        {
            return CommonProblems.Overloaded;
        }

        return await database.WriteAsync(async transaction =>
        {
            if (await directory.FindForUpdateAsync(transaction, account.Id) is not { } now || !await secrets.TryConsumeAsync(transaction, secret))
            {
                return AccountProblems.InvalidToken;
            }

            if (provesAddress)
            {
                // Before the new password is set: of an account that its owner has now for the first time the old one goes, and all else that lets somebody in.
                await addressProof.ProveAsync(transaction, now, keep: false, client, setsPassword: true);
            }

            await newPassword.SetAsync(transaction, now.Account, hash, client, exceptSession: null);
            await audit.RecordAsync(transaction, PasswordEvents.Reset, account.Id, client);
            return null;
        });
    }

    private async Task<string> IssueTemporaryAsync(Transaction transaction, Account account)
    {
        var password = ReadableSecret.New().Reveal();
        await secrets.IssueTextAsync(transaction, TemporaryPurpose, account.Id, password);
        return password;
    }
}
