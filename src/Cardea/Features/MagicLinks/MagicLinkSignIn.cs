using System.Globalization;
using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.OneTimeSecrets;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Features.SignIn;
using Cardea.Features.Tokens;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.MagicLinks;

/// <summary>What a link is about: whose account, and who asked for it.</summary>
public sealed record AskedLink(string Email, string Address, string UserAgent);

/// <summary>
/// Proves by a link that was mailed. It holds 256 random bits, so nobody guesses it and no tries are counted. Mail is read on another device than the one
/// that asked, so it is bound to none; mail and page say from where it was asked for, since a link may have been asked for by somebody else.
/// </summary>
public sealed class MagicLinkSignIn(
    Database database, AccountStore accounts, OneTimeSecrets.OneTimeSecrets secrets, MailAllowance allowance, Outbox outbox, PublicUrl publicUrl, SignInGate gate, FailedSignIns failed, AuditLog audit)
{
    public const string Path = "/login/link";

    public static readonly SecretPurpose Purpose = new("sign-in-link", TimeSpan.FromMinutes(15), TimeSpan.Zero);

    private const string NotValid = "This link is not valid, has been used or has expired. Please ask for a new one.";

    private static readonly string[] Amr = ["otp"];

    public static Problem InvalidLink => TokenProblems.InvalidToken with { Title = "The link is not valid", Detail = NotValid };

    /// <summary>What is done about "mail me a link", behind the asker's back.</summary>
    public async Task ResolveAsync(Transaction transaction, AskedMail asked)
    {
        if (await accounts.FindByEmailAsync(transaction, asked.Text) is not { IsDisabled: false } account || !await allowance.TryTakeAsync(transaction, Purpose.Name, account.Email))
        {
            return;
        }

        var client = asked.Client;
        var secret = await secrets.IssueAsync(transaction, Purpose, account.Id, target: $"{client.Address}\n{client.UserAgent}");
        await outbox.EnqueueAsync(transaction, new Mail.Mail("sign-in-link", account.Email, account.Id, client.Language, AccountMails.Greeting(account)
            .Plus("link_url", publicUrl.Link(Path, "token", secret.Token!.Reveal()))
            .Plus("link_minutes", ((int)Purpose.TokenLifetime.TotalMinutes).ToString(CultureInfo.InvariantCulture))
            .Plus("address", client.Address)
            .Plus("device", Texts.In(client.Language)[DeviceName.Of(client.UserAgent)]), MailCause.Asked, Purpose.TokenLifetime));
        await audit.RecordAsync(transaction, MagicLinksEvents.Asked, account.Id, client);
    }

    /// <summary>What the link would do. Nothing is used up, however often it is opened.</summary>
    public Task<AskedLink?> LookAsync(string? token) => database.ReadAsync(async scope =>
        await secrets.CheckTokenAsync(scope, Purpose, token) is { } secret && await accounts.FindAsync(scope, secret.AccountId) is { } account
            && secret.Target?.Split('\n', 2) is [var address, var userAgent]
            ? new AskedLink(account.Email, address, userAgent)
            : null);

    public async Task<SignInOutcome> SignInAsync(string? token, SignInRequest request)
    {
        var secret = await database.ReadAsync(scope => secrets.CheckTokenAsync(scope, Purpose, token));
        if (secret is not null)
        {
            return await gate.AdmitAsync(
                new Proof(secret.AccountId, Amr, transaction => secrets.IsStillAsync(transaction, secret))
                {
                    ProvesAddress = true,
                    UseUp = transaction => secrets.TryConsumeAsync(transaction, secret),
                    Unsettled = InvalidLink,
                },
                request);
        }

        await database.WriteAsync(transaction =>
            failed.RecordAsync(transaction, SignInEvents.Failed, null, request.Client, "link", times => new { Reason = "invalid_link", Times = times }));
        gate.Count(InvalidLink.Code);
        return new SignInOutcome.Refused(InvalidLink);
    }
}
