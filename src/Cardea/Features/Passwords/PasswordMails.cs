using System.Globalization;
using Cardea.Features.Accounts;
using Cardea.Features.Mail;
using Cardea.Features.OneTimeSecrets;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passwords;

public sealed class PasswordMails(PublicUrl publicUrl)
{
    public const string ResetPath = "/reset-password";

    public Mail.Mail ResetLink(Account account, IssuedSecret secret, string language, MailCause cause) => new("reset-link", account.Email, account.Id, language, AccountMails.Greeting(account)
        .Plus("link_url", publicUrl.Link(ResetPath, "token", secret.Token!.Reveal()))
        .Plus("link_minutes", Minutes(PasswordReset.LinkPurpose.TokenLifetime)), cause, PasswordReset.LinkPurpose.TokenLifetime);

    public Mail.Mail Invitation(Account account, IssuedSecret secret, string language) => new("invitation", account.Email, account.Id, language, AccountMails.Greeting(account)
        .Plus("link_url", publicUrl.Link(ResetPath, "token", secret.Token!.Reveal()))
        .Plus("days", ((int)PasswordReset.InvitationPurpose.TokenLifetime.TotalDays).ToString(CultureInfo.InvariantCulture)), MailCause.Administrator, PasswordReset.InvitationPurpose.TokenLifetime);

    public static Mail.Mail SetByAdministrator(Account account, string password, string language) => new(
        "temporary-password-set", account.Email, account.Id, language, AccountMails.Greeting(account).Plus("temporary_password", password), MailCause.Administrator);

    public static Mail.Mail ResetCode(Account account, IssuedSecret secret, string language) => new("reset-code", account.Email, account.Id, language, AccountMails.Greeting(account)
        .Plus("code", secret.Code!.Reveal())
        .Plus("code_minutes", Minutes(PasswordReset.CodePurpose.CodeLifetime)), MailCause.Asked, PasswordReset.CodePurpose.CodeLifetime);

    public static Mail.Mail Temporary(Account account, string password, string language) => new("temporary-password", account.Email, account.Id, language, AccountMails.Greeting(account)
        .Plus("temporary_password", password)
        .Plus("minutes", Minutes(PasswordReset.TemporaryPurpose.TokenLifetime)), MailCause.Asked, PasswordReset.TemporaryPurpose.TokenLifetime);

    public static Mail.Mail Changed(Account account, DateTimeOffset at, string language) => new("password-changed", account.Email, account.Id, language, AccountMails.Greeting(account)
        .PlusTime(at, language), AccountMails.ToOwner(account));

    private static string Minutes(TimeSpan time) => ((int)time.TotalMinutes).ToString(CultureInfo.InvariantCulture);
}
