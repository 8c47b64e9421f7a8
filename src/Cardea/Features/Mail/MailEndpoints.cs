using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Mail;

/// <summary>A mail of the development mailbox.</summary>
public sealed record MailboxBody(string Id, string To, string Subject, string Text, string Html, IReadOnlyList<string> Links, string? Code, DateTimeOffset SentAt)
{
    public override string ToString() => "[mail]";
}

public sealed class MailEndpoints(Database database, MailboxStore store, MailRequestsJob requests, OutboxJob outbox)
{
    private const int Most = 200;

    public async Task<IResult> MessagesAsync(HttpContext http)
    {
        // A mailbox that one has just been told to look into should be up to date.
        await requests.RunAsync(http.RequestAborted);
        await outbox.RunAsync(http.RequestAborted);
        var to = http.Request.Query["to"].ToString();
        // No address holds a NUL, and PostgreSQL takes none.
        var mails = to.Contains('\0', StringComparison.Ordinal) ? [] : await database.ReadAsync(scope => store.ListAsync(scope, to.Length == 0 ? null : to.ToLowerInvariant(), Most));
        return Answers.Json(mails.Select(mail => new MailboxBody(
            mail.Id, mail.Recipient, mail.Subject, mail.BodyText, mail.BodyHtml, mail.Links, mail.Code, mail.SentAt.ToInstant())));
    }
}
