using Cardea.Crypto.Secrets;
using Cardea.Features.Accounts;
using Cardea.Features.Mail;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.SignIn;

/// <summary>
/// "Somebody signed in to your account": when, from where, with what, and a link for whom it wasn't. Each notice has a link of its own, a week long,
/// since the owner of several answers the one that is wrong.
/// </summary>
public sealed class SignInNotices(SignInOptions options, SignInNoticeStore store, Outbox outbox, PublicUrl publicUrl, TimeProvider clock)
{
    public const string NotMePath = "/not-me";

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    public async Task ConsiderAsync(Transaction transaction, Account account, Session session, bool isNewDevice, ClientInfo client)
    {
        var isNews = options.NotifyByMail switch
        {
            NotifyByMail.Always => true,
            NotifyByMail.NewDevice => isNewDevice && account.LastLoginAt is not null,
            _ => false,
        };
        if (!isNews)
        {
            return;
        }

        var (now, token) = (clock.Milliseconds(), SecretToken.New());
        var mail = new Mail.Mail("sign-in-notice", account.Email, account.Id, client.Language, AccountMails.Greeting(account)
            .PlusTime(clock.GetUtcNow(), client.Language)
            .Plus("address", client.Address)
            .Plus("device", Texts.In(client.Language)[DeviceName.Of(client.UserAgent)])
            .Plus("link_url", publicUrl.Link(NotMePath, "token", token.Reveal())), AccountMails.ToOwner(account))
        {
            Kind = isNewDevice ? "sign-in-notice" : "sign-in-notice-known", // where each is told, those of the owner's own devices must not use up a stranger's
        };
        if (!await outbox.EnqueueAsync(transaction, mail))
        {
            return;
        }

        await store.AddAsync(transaction, new SignInNotice
        {
            Id = Id.New(clock),
            AccountId = account.Id,
            SessionId = session.Id,
            DeviceId = session.DeviceId,
            Recipient = account.Email,
            Address = client.Address,
            UserAgent = client.UserAgent,
            CreatedAt = now,
            ExpiresAt = now + (long)Lifetime.TotalMilliseconds,
        }, token.Hash.ToArray());
    }

    public async Task<SignInNotice?> FindAsync(Scope scope, string? token) =>
        SecretToken.TryParse(token, out var secret) ? await store.FindLiveAsync(scope, secret.Hash.ToArray(), clock.Milliseconds()) : null;
}
