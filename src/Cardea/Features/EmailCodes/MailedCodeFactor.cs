using Cardea.Crypto.Secrets;
using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.OneTimeSecrets;
using Cardea.Features.SecondSteps;
using Cardea.Features.Sessions;
using Cardea.Features.Standing;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.EmailCodes;

/// <summary>
/// A mailed code as second step, where the operator wants one and the account has nothing stronger. It is mailed when it is asked for, and finishes
/// that sign-in and no other.
/// </summary>
public sealed class MailedCodeFactor(
    Database database, EmailCodesOptions options, KnownDevices devices, AccountDirectory accounts, PendingSignIns pendings, OneTimeSecrets.OneTimeSecrets secrets,
    MailAllowance allowance, Outbox outbox, AuditLog audit) : ISecondFactor
{
    public static readonly SecretPurpose Purpose = new("second-step-code", TimeSpan.Zero, TimeSpan.FromMinutes(10));

    private static readonly string[] Amr = ["otp"];

    /// <summary>First proofs beside which a code by mail would be no second one: it would come from the same mailbox, or is weaker than what was given.</summary>
    private static readonly string[] EnoughAlone = ["otp", "hwk", "swk", "pop", "user"];

    public string Method => "email_code";

    public FactorKind Kind => FactorKind.Fallback;

    public bool IsGuessable => true;

    public bool Takes(FactorAnswer answer) => NumericCode.TryParse(EmailCodeSignIn.Plain(answer.Code), out _);

    public async Task<bool> IsAvailableAsync(Scope scope, AccountSnapshot account, StandingQuestion? question) =>
        options.SecondStep is not MailedCode.Off
        && !account.Account.HasSecondFactor
        && (question is null // a waiting sign-in answers what it was asked
            || (!question.Amr.Intersect(EnoughAlone).Any()
                && (options.SecondStep is MailedCode.Always || question.Client is null || await devices.RecogniseAsync(scope, account.Id, question.Client) is null)));

    public async Task BeginAsync(Transaction transaction, AccountSnapshot account, PendingSignIn pending, ClientInfo client)
    {
        // Each sign-in needs one, so that many a day must be possible; whoever knows a password still can't fill a mailbox.
        if (await allowance.TryTakeNewsAsync(transaction, "second-step-first", account.Account.Email, account.Account.IsVerified))
        {
            await SendAsync(transaction, account, pending, client);
        }
    }

    /// <summary>Another mail for a sign-in that waits for its code. Says nothing, whatever the token was.</summary>
    public async Task SendAgainAsync(string? token, ClientInfo client)
    {
        if (await database.ReadAsync(scope => pendings.FindAsync(scope, token)) is { } pending)
        {
            await SendAgainAsync(pending, client);
        }
    }

    public Task SendAgainAsync(PendingSignIn pending, ClientInfo client) => database.WriteAsync(async transaction =>
    {
        if (await accounts.FindForUpdateAsync(transaction, pending.AccountId) is { Account.IsDisabled: false } account
            && pending.Step == PendingStep.Factor
            && await pendings.IsStillAsync(transaction, pending)
            && await IsAvailableAsync(transaction, account, null)
            && await allowance.TryTakeAsync(transaction, Purpose.Name, account.Account.Email))
        {
            await SendAsync(transaction, account, pending, client);
        }
    });

    public async Task<FactorVerdict> CheckAsync(AccountSnapshot account, PendingSignIn? pending, FactorAnswer answer, ClientInfo client)
    {
        // Bound to the sign-in that waits for it, and through that to the browser that began it.
        var secret = pending is null ? null : await database.WriteAsync(transaction => secrets.CheckCodeAsync(transaction, Purpose, account.Id, EmailCodeSignIn.Plain(answer.Code), pending.Id));
        return secret is not null && secret.Target == pending!.Id
            ? new FactorVerdict.Right(Amr, transaction => secrets.TryConsumeAsync(transaction, secret), ProvesAddress: true)
            : new FactorVerdict.Wrong();
    }

    private async Task SendAsync(Transaction transaction, AccountSnapshot account, PendingSignIn pending, ClientInfo client)
    {
        var secret = await secrets.IssueAsync(transaction, Purpose, account.Id, target: pending.Id, binding: pending.Id);
        await outbox.EnqueueAsync(transaction, EmailCodesMails.SecondStep(account.Account, secret, client));
        await audit.RecordAsync(transaction, EmailCodesEvents.StepSent, account.Id, client);
    }
}
