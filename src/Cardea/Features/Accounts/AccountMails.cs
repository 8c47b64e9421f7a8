using System.Globalization;
using Cardea.Crypto.Secrets;
using Cardea.Features.Mail;
using Cardea.Features.OneTimeSecrets;
using Cardea.Foundation.Web;

namespace Cardea.Features.Accounts;

/// <summary>The mails about an account's address. Links come from the public URL, never from a request.</summary>
public sealed class AccountMails(PublicUrl publicUrl)
{
    public const string VerifyPath = "/verify-email";

    public Mail.Mail VerifyEmail(Account account, IssuedSecret secret, SecretPurpose purpose, string language) => new(
        "verify-email", account.Email, account.Id, language, WithSecret(account, secret, purpose), MailCause.Asked, purpose.TokenLifetime);

    public Mail.Mail ConfirmChange(Account account, string newEmail, IssuedSecret secret, SecretPurpose purpose, string language) => new(
        "change-email-confirm", newEmail, account.Id, language, WithSecret(account, secret, purpose), MailCause.Asked, purpose.TokenLifetime);

    public static Mail.Mail ChangedByAdministrator(Account account, string newEmail, string language) => new(
        "email-changed-by-administrator", account.Email, account.Id, language, Greeting(account).Plus("new_email_masked", newEmail), MailCause.Administrator);

    public Mail.Mail NoticeOfChange(Account account, string newEmail, SecretToken undo, string language) => new(
        "change-email-notice", account.Email, account.Id, language, WithUndo(account, newEmail, undo), ToOwner(account));

    /// <summary>To the address that the account had.</summary>
    public Mail.Mail Changed(Account before, string newEmail, SecretToken undo, string language) => new(
        "change-email-done", before.Email, before.Id, language, WithUndo(before, newEmail, undo), ToOwner(before));

    /// <summary>What was set up before the address was proved, perhaps by somebody else, counts no more.</summary>
    public Mail.Mail Reclaimed(Account account, string language) => new(
        "account-reclaimed", account.Email, account.Id, language, Greeting(account).Plus("reset_url", publicUrl.Text + "/forgot-password"), MailCause.Owner);

    public Mail.Mail ChangeToTaken(Account owner, string language) => new("change-email-taken", owner.Email, owner.Id, language, Greeting(owner), MailCause.Asked);

    public Mail.Mail AccountExists(Account owner, string language) => new(
        "account-exists", owner.Email, owner.Id, language, Greeting(owner).Plus("sign_in_url", publicUrl.Text + "/login").Plus("reset_url", publicUrl.Text + "/forgot-password"), MailCause.Asked);

    public Mail.Mail Deleted(Account account, string language) => new("account-deleted", account.Email, null, language, Greeting(account), ToOwner(account));

    /// <summary>For what tells an account's owner of what was done.</summary>
    public static MailCause ToOwner(Account account) => account.IsVerified ? MailCause.Owner : MailCause.Unproved;

    public static Dictionary<string, string> Greeting(Account account) => new() { ["given_name"] = account.GivenName ?? "" };

    private Dictionary<string, string> WithUndo(Account account, string newEmail, SecretToken undo) => Greeting(account)
        .Plus("new_email_masked", newEmail)
        .Plus("link_url", publicUrl.Link(EmailChange.UndoPath, "token", undo.Reveal()));

    private Dictionary<string, string> WithSecret(Account account, IssuedSecret secret, SecretPurpose purpose) => Greeting(account)
        .Plus("link_url", publicUrl.Link(VerifyPath, "token", secret.Token!.Reveal()))
        .Plus("link_hours", ((int)purpose.TokenLifetime.TotalHours).ToString(CultureInfo.InvariantCulture))
        .Plus("code", secret.Code!.Reveal())
        .Plus("code_minutes", ((int)purpose.CodeLifetime.TotalMinutes).ToString(CultureInfo.InvariantCulture));
}
