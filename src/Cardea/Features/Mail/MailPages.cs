using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Mail;

/// <summary>The development mailbox as a person reads it.</summary>
public sealed class MailPages(Database database, MailboxStore store, MailRequestsJob requests, OutboxJob outbox, Views views)
{
    private const int Most = 100;

    /// <summary>A mail is a document of its own: its inline styles are allowed there and nowhere else, and nothing in it runs or loads.</summary>
    private const string MailPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox allow-popups";

    public async Task<IResult> ListAsync(HttpContext http)
    {
        await requests.RunAsync(http.RequestAborted);
        await outbox.RunAsync(http.RequestAborted);
        var mails = await database.ReadAsync(scope => store.ListAsync(scope, null, Most));
        return await views.ShowAsync<MailboxPage>(http, new { Mails = (IReadOnlyList<MailboxMail>)mails });
    }

    public async Task<IResult> ShowAsync(HttpContext http) => await FindAsync(http) is { } mail
        ? await views.ShowAsync<MailPage>(http, new { Mail = mail })
        : PageDoors.Refuse(CommonProblems.NotFound);

    public async Task<IResult> HtmlAsync(HttpContext http)
    {
        if (await FindAsync(http) is not { } mail)
        {
            return PageDoors.Refuse(CommonProblems.NotFound);
        }

        http.Response.Headers.ContentSecurityPolicy = MailPolicy;
        http.Response.Headers.XFrameOptions = "SAMEORIGIN";
        return Results.Content(mail.BodyHtml, "text/html; charset=utf-8");
    }

    private Task<MailboxMail?> FindAsync(HttpContext http) => database.ReadAsync(scope => store.FindAsync(scope, http.Request.RouteValues["id"]?.ToString() ?? ""));
}
