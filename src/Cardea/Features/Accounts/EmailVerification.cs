using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.OneTimeSecrets;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Accounts;

/// <summary>Proves that an account's address is its owner's: a link for a day, a code for ten minutes, whichever is used first.</summary>
public sealed class EmailVerification(
    Database database, AccountStore accounts, OneTimeSecrets.OneTimeSecrets secrets, CodeAttempts attempts, EmailChange emailChange, Outbox outbox, MailAllowance allowance, AccountMails mails,
    AuditLog audit, TimeProvider clock)
{
    public static readonly SecretPurpose Purpose = new("verify-email", TimeSpan.FromHours(24), TimeSpan.FromMinutes(10), RemembersGuesses: true);

    /// <summary>What those mails are counted as that nobody asked for by name: they leave alone what "send it again" has.</summary>
    private const string First = "verify-email-first";

    /// <summary>
    /// The mail that a new account gets, in the transaction that makes it. Accounts can be deleted and made again all day, with an address that is somebody
    /// else's; past its allowance there is "send it again".
    /// </summary>
    public async Task SendFirstAsync(Transaction transaction, Account account, ClientInfo client)
    {
        if (await allowance.TryTakeAsync(transaction, First, account.Email))
        {
            await SendAsync(transaction, account, client);
        }
    }

    private async Task SendAsync(Transaction transaction, Account account, ClientInfo client)
    {
        var secret = await secrets.IssueAsync(transaction, Purpose, account.Id, binding: client.Binding, address: account.Email);
        await outbox.EnqueueAsync(transaction, mails.VerifyEmail(account, secret, Purpose, client.Language));
    }

    /// <summary>What is done about "send it again", behind the asker's back.</summary>
    public async Task ResolveAsync(Transaction transaction, AskedMail asked)
    {
        if (await accounts.FindByEmailAsync(transaction, asked.Text) is { IsVerified: false, IsDisabled: false } account
            && await allowance.TryTakeAsync(transaction, Purpose.Name, account.Email))
        {
            await SendAsync(transaction, account, asked.Client);
        }
    }

    public Task<Problem?> ConfirmByTokenAsync(string token, ClientInfo client) => RefusingDuplicatesAsync(async transaction =>
    {
        if (await secrets.CheckTokenAsync(transaction, Purpose, token) is { } verification)
        {
            return await ConfirmAsync(transaction, verification, client);
        }

        return await secrets.CheckTokenAsync(transaction, EmailChange.Purpose, token) is { } change
            ? await emailChange.ConfirmAsync(transaction, change, client)
            : AccountProblems.InvalidToken;
    });

    public async Task<Problem?> ConfirmByCodeAsync(string email, string code, ClientInfo client)
    {
        // By the address alone: the account that has it can be deleted and made again, and one that is to get it has another.
        var key = attempts.KeyFor(Purpose, null, email, client.Binding);
        if (await attempts.BeginAsync(key) is { } blocked)
        {
            if (blocked.IsTold)
            {
                await database.WriteAsync(async transaction => await audit.RecordAsync(
                    transaction, AccountEvents.VerificationThrottled, (await accounts.FindByEmailAsync(transaction, email))?.Id, client, new { blocked.Times }));
            }

            return blocked.Problem;
        }

        return await RefusingDuplicatesAsync(async transaction =>
        {
            if (await accounts.FindByEmailAsync(transaction, email) is { } account
                && await secrets.CheckCodeAsync(transaction, Purpose, account.Id, code, client.Binding, address: email) is { } verification)
            {
                await attempts.SucceedAsync(transaction, key);
                return await ConfirmAsync(transaction, verification, client);
            }

            foreach (var accountId in await secrets.ListAccountsAsync(transaction, EmailChange.Purpose, email))
            {
                if (await secrets.CheckCodeAsync(transaction, EmailChange.Purpose, accountId, code, client.Binding, address: email) is { } change)
                {
                    await attempts.SucceedAsync(transaction, key);
                    return await emailChange.ConfirmAsync(transaction, change, client);
                }
            }

            return AccountProblems.InvalidToken;
        });
    }

    private async Task<Problem?> ConfirmAsync(Transaction transaction, CheckedSecret secret, ClientInfo client)
    {
        if (!await secrets.TryConsumeAsync(transaction, secret))
        {
            return AccountProblems.InvalidToken;
        }

        if (await accounts.TrySetVerifiedAsync(transaction, secret.AccountId, clock.Milliseconds()))
        {
            await audit.RecordAsync(transaction, AccountEvents.EmailVerified, secret.AccountId, client);
            transaction.Invalidate(AccountDirectory.Topic, secret.AccountId);
        }

        return null;
    }

    /// <summary>The address may have been taken between the asking and the proof; the constraint says so, and then nothing has happened.</summary>
    private async Task<Problem?> RefusingDuplicatesAsync(Func<Transaction, Task<Problem?>> confirm)
    {
        try
        {
            return await database.WriteAsync(confirm);
        }
        catch (Exception fault) when (Dialect.IsDuplicate(fault))
        {
            return AccountProblems.InvalidToken;
        }
    }
}
