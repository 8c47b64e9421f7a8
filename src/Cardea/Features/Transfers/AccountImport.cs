using System.Data.Common;
using System.Diagnostics;
using Cardea.Crypto.Secrets;
using Cardea.Features.Audit;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Transfers;

/// <summary>
/// Brings accounts along from another system, some hundred rows in a transaction. A bad row is left out with its reason and stops no other. What a
/// transaction wrote it also remembered, so a run that was killed goes on where it was when it is started again.
/// </summary>
public sealed class AccountImport(Database database, ImportBatch batch, AuditLog audit, MasterKey masterKey, TimeProvider clock)
{
    private const int BatchSize = 500;
    private const int Tries = 5;

    private readonly SourceKey _keys = new(masterKey);

    /// <param name="source">Checked already.</param>
    internal async Task RunAsync(IAccountSource source, ImportOptions options, ImportReport report, ClientInfo client, string actor, Action<long>? progress, CancellationToken cancellation)
    {
        var run = new ImportRun(source.System, options, _keys, client, actor);
        var rows = new List<ImportRow>(BatchSize);
        await foreach (var row in source.ReadAsync(cancellation))
        {
            rows.Add(Parse(row, source, options));
            if (rows.Count == BatchSize)
            {
                await SettleAsync(rows, run, report, cancellation);
                progress?.Invoke(report.Rows);
                rows.Clear();
            }
        }

        await SettleAsync(rows, run, report, cancellation);
        if (!options.DryRun)
        {
            await database.WriteAsync(
                transaction => audit.RecordAsync(
                    transaction, TransferEvents.Imported, null, client, new { From = source.System, report.Imported, report.AlreadyThere, report.Skipped }, actorId: actor),
                cancellation);
        }
    }

    private ImportRow Parse(SourceRow row, IAccountSource source, ImportOptions options)
    {
        if (row.Account is null)
        {
            return new(row.Number, null, null, null, row.Fault);
        }

        var (candidate, why) = ImportCandidate.Parse(row.Account, source.KeepsIds, options, clock.Milliseconds());
        var id = why is { Detail: "id" } ? null : row.Account.Id;
        return new(row.Number, id, candidate, candidate is null ? null : _keys.Of(source.System, id, candidate.Account.Email), why);
    }

    private async Task SettleAsync(List<ImportRow> rows, ImportRun run, ImportReport report, CancellationToken cancellation)
    {
        if (rows.Count == 0)
        {
            return;
        }

        var begun = Stopwatch.GetTimestamp();
        await report.AddAsync(await TryAsync(rows, run, cancellation));
        if (!run.Options.DryRun && database.Dialect.Engine is Engine.Sqlite)
        {
            // A server on the same file asks again and again for its turn to write, and would hardly ever meet the moment between two batches.
            await Task.Delay(Stopwatch.GetElapsedTime(begun) / 3, cancellation);
        }
    }

    private async Task<List<RowVerdict>> TryAsync(List<ImportRow> rows, ImportRun run, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var verdicts = run.Options.DryRun
                    ? await database.ReadAsync(scope => batch.JudgeAsync(scope, rows, run), cancellation)
                    : await database.WriteAsync(transaction => batch.WriteAsync(transaction, rows, run), cancellation);
                run.Judged!.Keep();
                return verdicts;
            }
            catch (DbException) when (attempt < Tries)
            {
                // Somebody signed up with one of the names in the moment between look and write, or a role went: the next look sees it. Or the database was busy.
                await Task.Delay(TimeSpan.FromMilliseconds(20 * attempt), cancellation);
            }
            catch (DbException fault) when (!Dialect.IsOutage(fault))
            {
                return rows.Count > 1 ? await OneByOneAsync(rows, run, cancellation) : [Refused(rows[0], fault)];
            }
        }
    }

    /// <summary>So that one row that the database refuses, for a reason nobody thought of, does not take the others with it.</summary>
    private async Task<List<RowVerdict>> OneByOneAsync(List<ImportRow> rows, ImportRun run, CancellationToken cancellation)
    {
        var verdicts = new List<RowVerdict>();
        foreach (var row in rows)
        {
            verdicts.AddRange(await TryAsync([row], run, cancellation));
        }

        return verdicts;
    }

    private static RowVerdict Refused(ImportRow row, DbException fault) =>
        new(row.Number, row.SourceId, ImportOutcome.Skipped, Reason: "refused", Detail: $"the database says {fault.SqlState ?? fault.ErrorCode.ToString(System.Globalization.CultureInfo.InvariantCulture)}");
}
