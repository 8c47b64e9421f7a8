using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.OneTimeSecrets;
using Cardea.Features.SecondSteps;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;

namespace Cardea.Features.EmailCodes;

/// <summary>
/// Proves by six digits that were mailed. Asking looks and takes the same for every address, and so does a wrong code: an unknown address is counted,
/// looked up and refused as a known one is. Only that not every row of an unknown one is kept: names are free, and there is no hash to be paid for.
/// </summary>
public sealed class EmailCodeSignIn(
    Database database, AccountStore accounts, KnownDevices devices, EmailCodeAttempts attempts, OneTimeSecrets.OneTimeSecrets secrets, MailAllowance allowance, Outbox outbox,
    SignInGate gate, FailedSignIns failed, AuditLog audit)
{
    public static readonly SecretPurpose Purpose = new("sign-in-code", TimeSpan.Zero, TimeSpan.FromMinutes(10), RemembersGuesses: true);

    /// <summary>Stands in for the id of an account that doesn't exist, where a look-up must cost the same.</summary>
    private const string Nobody = "00000000000000000000000000000000";

    private static readonly string[] Amr = ["otp"];

    /// <summary>What is done about "mail me a code", behind the asker's back.</summary>
    public async Task ResolveAsync(Transaction transaction, AskedMail asked)
    {
        if (await accounts.FindByEmailAsync(transaction, asked.Text) is not { IsDisabled: false } account || !await allowance.TryTakeAsync(transaction, Purpose.Name, account.Email))
        {
            return;
        }

        var secret = await secrets.IssueAsync(transaction, Purpose, account.Id, binding: asked.Client.Binding, address: account.Email);
        await outbox.EnqueueAsync(transaction, EmailCodesMails.SignIn(account, secret, asked.Client));
        await audit.RecordAsync(transaction, EmailCodesEvents.Asked, account.Id, asked.Client);
    }

    /// <summary>The digits as they may be typed or pasted: "123 456".</summary>
    public static string? Plain(string? typed) => typed is { Length: <= 16 } ? typed.Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal) : typed;

    public async Task<SignInOutcome> SignInAsync(Email email, string? code, SignInRequest request)
    {
        var client = request.Client;
        var (account, device) = await database.ReadAsync(async scope =>
        {
            var found = await accounts.FindByEmailAsync(scope, email.Text);
            return (found, await devices.RecogniseAsync(scope, found?.Id ?? Nobody, client));
        });
        var key = attempts.KeyFor(account?.Id, email.Text, device);
        if (await attempts.BeginAsync(key) is { } blocked)
        {
            if (blocked.IsTold)
            {
                await database.WriteAsync(transaction => failed.RecordAsync(
                    transaction, SignInEvents.Throttled, account?.Id, client, "code", _ => new { Method = "email_code", blocked.Times }, always: account is not null));
            }

            return Refuse(blocked.Problem);
        }

        var secret = await database.WriteAsync(async transaction =>
        {
            var found = await secrets.CheckCodeAsync(transaction, Purpose, account?.Id ?? Nobody, Plain(code), client.Binding, address: email.Text);
            if (found is null)
            {
                await failed.RecordAsync(
                    transaction, SignInEvents.Failed, account?.Id, client, "code", times => account is null ? new { Reason = "unknown_account", Times = times } : new { Reason = "wrong_code" }, always: account is not null);
            }

            return found;
        });
        return secret is null ? Refuse(SecondStepsProblems.InvalidCode) : await gate.AdmitAsync(ProofOf(secret, key), request);
    }

    private Proof ProofOf(CheckedSecret secret, string key) => new(secret.AccountId, Amr, async transaction =>
    {
        if (!await secrets.IsStillAsync(transaction, secret))
        {
            return false;
        }

        await attempts.SucceedAsync(transaction, key);
        return true;
    })
    {
        ProvesAddress = true,
        UseUp = transaction => secrets.TryConsumeAsync(transaction, secret),
        Unsettled = SecondStepsProblems.InvalidCode,
    };

    private SignInOutcome.Refused Refuse(Problem problem)
    {
        gate.Count(problem.Code);
        return new SignInOutcome.Refused(problem);
    }
}
