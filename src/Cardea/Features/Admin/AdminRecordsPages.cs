using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Admin;

/// <summary>The browser door to what happened and what goes out.</summary>
public sealed class AdminRecordsPages(
    Database database, AuditStore auditStore, AuditExport export, OutboxStore outbox, MailPreview preview, MailRetry retry, Cursors cursors, IsPermitted isPermitted, Views views, TimeProvider clock)
{
    public const string AuditPath = "/admin/audit";
    public const string MailPath = "/admin/mail";

    public async Task<IResult> AuditAsync(HttpContext http)
    {
        var (query, refusal) = ListingQuery.Read(http.Request.Query, cursors, "audit page", "account", "event", "from", "to");
        var errors = new FieldErrors();
        if (query is null || FilterOf(query.Filter, errors) is not { } filter || errors.Any)
        {
            return PageDoors.Refuse(refusal ?? errors.ToProblem());
        }

        var rows = await database.ReadAsync(scope => auditStore.ListAsync(scope, filter.Account, filter.Event, filter.From, filter.To, query.Before, query.Limit + 1));
        var page = query.PageOf(rows, row => row.Id, row => row);
        return await views.ShowAsync<AdminAuditPage>(http, new
        {
            Rows = page.Items,
            Query = query,
            Older = page.NextCursor is null ? null : query.Path(AuditPath, page.NextCursor),
            Meanings = AdminUsersPages.Meanings.Value,
            MayReadAccounts = await isPermitted(http.Caller(), AdminPermissions.AccountsRead),
        });
    }

    public async Task<IResult> ExportAsync(HttpContext http, IFormCollection form)
    {
        var errors = new FieldErrors();
        var filter = FilterOf(name => form[name].ToString() is { Length: > 0 and <= 254 } given && !given.Contains('\0', StringComparison.Ordinal) ? given : null, errors);
        if (errors.Any)
        {
            return PageDoors.Refuse(errors.ToProblem());
        }

        var asCsv = form["format"] != "jsonl";
        await export.RecordAsync(filter, asCsv, AdminAccountsEndpoints.By(http));
        return Results.Stream(stream => export.WriteAsync(stream, filter, asCsv), asCsv ? "text/csv; charset=utf-8" : "application/jsonl", asCsv ? "audit.csv" : "audit.jsonl");
    }

    public async Task<IResult> MailAsync(HttpContext http)
    {
        var (query, refusal) = ListingQuery.Read(http.Request.Query, cursors, "mail page", "status");
        if (query is null || (query.Filter("status") is { } status && !AdminRecordsEndpoints.MailStates.Contains(status)))
        {
            return PageDoors.Refuse(refusal ?? CommonProblems.ValidationFailed);
        }

        var rows = await database.ReadAsync(scope => outbox.ListAsync(scope, query.Filter("status"), query.Before, query.Limit + 1));
        var page = query.PageOf(rows, mail => mail.Id, mail => AdminMailBody.Of(mail, clock.Milliseconds()));
        return await views.ShowAsync<AdminMailPage>(http, new
        {
            Mails = page.Items,
            Query = query,
            Older = page.NextCursor is null ? null : query.Path(MailPath, page.NextCursor),
        });
    }

    public async Task<IResult> ShowMailAsync(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        if (!Id.IsWellFormed(id) || await database.ReadAsync(scope => outbox.FindAsync(scope, id)) is not { } mail)
        {
            return PageDoors.Refuse(CommonProblems.NotFound);
        }

        return await views.ShowAsync<AdminMailPreviewPage>(http, new
        {
            Mail = AdminMailBody.Of(mail, clock.Milliseconds()),
            Preview = preview.Render(mail),
            MayWrite = await isPermitted(http.Caller(), AdminPermissions.MailWrite),
        });
    }

    public async Task<IResult> RetryAsync(HttpContext http, IFormCollection form)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        var refusal = await retry.RetryAsync(id, AdminAccountsEndpoints.By(http));
        return refusal is null ? views.Redirect(http, $"{MailPath}/{id}", FlashKind.Success, "The mail is in the queue again.")
            : refusal.Code == CommonProblems.NotFound.Code ? PageDoors.Refuse(refusal)
            : views.Redirect(http, $"{MailPath}/{id}", FlashKind.Error, refusal.Detail);
    }

    private static AuditFilter FilterOf(Func<string, string?> given, FieldErrors errors) => new(
        given("account")?.Trim(), given("event"), AdminRecordsEndpoints.Instant(given("from"), "from", errors), AdminRecordsEndpoints.Instant(given("to"), "to", errors));
}
