using Cardea.Features.Accounts;
using Cardea.Features.Mail;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.SignIn;

/// <summary>"Somebody signed in to your account": when, from where, with what.</summary>
public sealed class SignInNotices(SignInOptions options, Outbox outbox, TimeProvider clock)
{
    public async Task ConsiderAsync(Transaction transaction, Account account, bool isNewDevice, ClientInfo client)
    {
        var isNews = options.NotifyByMail switch
        {
            NotifyByMail.Always => true,
            NotifyByMail.NewDevice => isNewDevice && account.LastLoginAt is not null,
            _ => false,
        };
        if (isNews)
        {
            await outbox.EnqueueAsync(transaction, new Mail.Mail("sign-in-notice", account.Email, account.Id, client.Language, AccountMails.Greeting(account)
                .PlusTime(clock.GetUtcNow(), client.Language)
                .Plus("address", client.Address)
                .Plus("device", Texts.In(client.Language)[DeviceName.Of(client.UserAgent)])));
        }
    }
}
