using System.Globalization;
using System.Text;
using System.Text.Json;
using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Admin;

/// <summary>Which audit rows are meant.</summary>
public sealed record AuditFilter(string? Account, string? Event, long? From, long? To);

/// <summary>The audit log as a file, newest first; read and written in pieces, so that a long one needs no memory.</summary>
public sealed class AuditExport(Database database, AuditStore store, AuditLog audit)
{
    private const int Piece = 1000;

    private static readonly string[] Columns = ["id", "event", "at", "account_id", "actor_id", "session_id", "address", "user_agent", "request_id", "detail"];

    /// <summary>That somebody took a copy is told by the log itself.</summary>
    public Task RecordAsync(AuditFilter filter, bool asCsv, Administrator by) => database.WriteAsync(transaction => audit.RecordAsync(
        transaction, AdminEvents.AuditExported, null, by.Client, new { filter.Account, filter.Event, From = filter.From.ToInstant(), To = filter.To.ToInstant(), Format = asCsv ? "csv" : "jsonl" }, actorId: by.Actor));

    public async Task WriteAsync(Stream stream, AuditFilter filter, bool asCsv)
    {
        await using var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 16 * 1024, leaveOpen: true) { NewLine = "\r\n" };
        if (asCsv)
        {
            await writer.WriteLineAsync(string.Join(',', Columns));
        }

        var before = ListingQuery.FromTheNewest;
        List<AuditEvent> rows;
        do
        {
            rows = await database.ReadAsync(scope => store.ListAsync(scope, filter.Account, filter.Event, filter.From, filter.To, before, Piece));
            foreach (var row in rows)
            {
                await writer.WriteAsync(asCsv ? Line(row) + "\r\n" : JsonSerializer.Serialize(AdminAuditBody.Of(row), CardeaJson.Writing) + "\n");
            }

            before = rows.LastOrDefault()?.Id ?? before;
        }
        while (rows.Count == Piece);
    }

    private static string Line(AuditEvent row) => string.Join(',', new[]
    {
        row.Id, row.Event, row.At.ToInstant().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), row.AccountId, row.ActorId, row.SessionId, row.Address, row.UserAgent,
        row.RequestId, row.Detail,
    }.Select(Cell));

    /// <summary>A spreadsheet takes a cell that begins like this for a formula, and a formula in a user agent would be a stranger's.</summary>
    private static string Cell(string? value)
    {
        var text = value ?? "";
        text = text is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? "'" + text : text;
        return text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
