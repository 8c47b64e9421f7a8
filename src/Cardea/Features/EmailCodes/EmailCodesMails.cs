using System.Globalization;
using Cardea.Features.Accounts;
using Cardea.Features.Mail;
using Cardea.Features.OneTimeSecrets;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Foundation.Web;

namespace Cardea.Features.EmailCodes;

/// <summary>Who gets digits is told what asked for them: a person who didn't ask sees that it was somebody else.</summary>
internal static class EmailCodesMails
{
    public static Mail.Mail SignIn(Account account, IssuedSecret secret, ClientInfo client) => Of("sign-in-code", EmailCodeSignIn.Purpose, account, secret, client);

    public static Mail.Mail SecondStep(Account account, IssuedSecret secret, ClientInfo client) => Of("second-step-code", MailedCodeFactor.Purpose, account, secret, client);

    private static Mail.Mail Of(string template, SecretPurpose purpose, Account account, IssuedSecret secret, ClientInfo client) => new(
        template, account.Email, account.Id, client.Language, AccountMails.Greeting(account)
            .Plus("code", secret.Code!.Reveal())
            .Plus("code_minutes", ((int)purpose.CodeLifetime.TotalMinutes).ToString(CultureInfo.InvariantCulture))
            .Plus("address", client.Address)
            .Plus("device", Texts.In(client.Language)[DeviceName.Of(client.UserAgent)]),
        MailCause.Asked, purpose.CodeLifetime);
}
