using System.Globalization;
using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Admin;

/// <summary>The JSON door to what happened, what goes out, and the figures.</summary>
public sealed class AdminRecordsEndpoints(Database database, AuditStore auditStore, OutboxStore outbox, MailRetry retry, AdminStats stats, Cursors cursors, TimeProvider clock)
{
    internal static readonly string[] MailStates = [MailState.Queued, MailState.Sent, MailState.Parked];

    public async Task<IResult> AuditAsync(HttpContext http)
    {
        var (query, refusal) = ListingQuery.Read(http.Request.Query, cursors, "audit", "account", "event", "from", "to");
        if (query is null)
        {
            return Answers.Problem(refusal!);
        }

        var errors = new FieldErrors();
        var (from, to) = (Instant(query.Filter("from"), "from", errors), Instant(query.Filter("to"), "to", errors));
        if (errors.Any)
        {
            return Answers.Problem(errors.ToProblem());
        }

        var rows = await database.ReadAsync(scope => auditStore.ListAsync(scope, query.Filter("account"), query.Filter("event"), from, to, query.Before, query.Limit + 1));
        return Answers.Json(query.PageOf(rows, row => row.Id, AdminAuditBody.Of));
    }

    public async Task<IResult> MailAsync(HttpContext http)
    {
        var (query, refusal) = ListingQuery.Read(http.Request.Query, cursors, "mail", "status");
        if (query is null)
        {
            return Answers.Problem(refusal!);
        }

        if (query.Filter("status") is { } status && !MailStates.Contains(status))
        {
            return Answers.Problem(FieldErrors.One("status", "Give one of queued, sent and parked."));
        }

        var rows = await database.ReadAsync(scope => outbox.ListAsync(scope, query.Filter("status"), query.Before, query.Limit + 1));
        return Answers.Json(query.PageOf(rows, mail => mail.Id, mail => AdminMailBody.Of(mail, clock.Milliseconds())));
    }

    public async Task<IResult> RetryMailAsync(HttpContext http) =>
        await retry.RetryAsync((string)http.Request.RouteValues["id"]!, AdminAccountsEndpoints.By(http)) is { } refusal
            ? Answers.Problem(refusal)
            : Answers.Message("The mail is in the queue again.", StatusCodes.Status202Accepted);

    public async Task<IResult> StatsAsync(HttpContext http) => Answers.Json(await stats.ReadAsync());

    internal static long? Instant(string? text, string field, FieldErrors errors)
    {
        if (text is null)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var instant))
        {
            return instant.ToUnixTimeMilliseconds();
        }

        errors.Add(field, "Give a time such as 2026-01-31T00:00:00Z, or a date.");
        return null;
    }
}
