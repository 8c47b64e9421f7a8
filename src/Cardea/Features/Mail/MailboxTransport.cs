using Cardea.Foundation.Data;

namespace Cardea.Features.Mail;

/// <summary>The development mailbox: delivers into the database, where a person reads it in the browser.</summary>
internal sealed class MailboxTransport(Database database, MailboxStore store) : IMailTransport
{
    public Task SendAsync(OutgoingMail mail, CancellationToken cancellation) => database.WriteAsync(
        transaction => store.AddAsync(transaction, new MailboxMail
        {
            Id = mail.Id,
            Recipient = mail.Recipient,
            Subject = mail.Rendered.Subject,
            BodyText = mail.Rendered.Text,
            BodyHtml = mail.Rendered.Html,
            Link = mail.Links.Count == 0 ? null : string.Join('\n', mail.Links),
            Code = mail.Code,
            SentAt = mail.At.ToUnixTimeMilliseconds(),
        }),
        cancellation);
}
