using Cardea.Features.Accounts;
using Cardea.Features.Mail;
using Cardea.Foundation.Web;

namespace Cardea.Features.Objections;

public sealed class ObjectionsMails(PublicUrl publicUrl)
{
    public Mail.Mail SignInDisowned(Account account, DateTimeOffset at, string language) => new(
        "sign-in-disowned", account.Email, account.Id, language, AccountMails.Greeting(account)
            .PlusTime(at, language)
            .Plus("reset_url", publicUrl.Text + "/forgot-password"), AccountMails.ToOwner(account));

    public Mail.Mail EmailChangeUndone(Account account, string recipient, string oldEmail, DateTimeOffset at, string language) => new(
        "change-email-undone", recipient, account.Id, language, AccountMails.Greeting(account)
            .PlusTime(at, language)
            .Plus("old_email_masked", oldEmail)
            .Plus("reset_url", publicUrl.Text + "/forgot-password"), MailCause.Owner);
}
