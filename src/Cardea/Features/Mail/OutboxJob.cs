using System.Diagnostics;
using System.Diagnostics.Metrics;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Jobs;
using Cardea.Foundation.Web;
using Microsoft.Extensions.Logging;

namespace Cardea.Features.Mail;

/// <summary>Sends what is due. A mail that the server refuses for good is parked, one that it refuses for now waits a little longer each time.</summary>
public sealed partial class OutboxJob : Job
{
    private const int AtOnce = 8;
    private static readonly TimeSpan Recheck = TimeSpan.FromMilliseconds(500);

    /// <summary>Of a node that dies the others take the mail over after so long. One that lives renews it, since a submission may take minutes.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(10);

    /// <summary>What is under way when the server is told to stop may go on for so long; what isn't through by then is given back to the queue.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(3);

    private readonly Database _database;
    private readonly OutboxStore _store;
    private readonly Outbox _outbox;
    private readonly Lazy<MailTemplates> _templates;
    private readonly IMailTransport _transport;
    private readonly Branding _branding;
    private readonly PublicUrl _publicUrl;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly Counter<long> _mails;

    public OutboxJob(
        Database database, OutboxStore store, Outbox outbox, OutboxSignal signal, Lazy<MailTemplates> templates, IMailTransport transport, Branding branding,
        PublicUrl publicUrl, TimeProvider clock, IMeterFactory meters, ILogger<OutboxJob> log)
        : base("outbox", TimeSpan.FromSeconds(2), log)
    {
        (_database, _store, _outbox, _templates, _transport) = (database, store, outbox, templates, transport);
        (_branding, _publicUrl, _clock, _log) = (branding, publicUrl, clock, log);
        _mails = meters.Create(Telemetry.Name).CreateCounter<long>("cardea.mails", "{mail}", "Mails by what became of the try: sent, retried, parked");
        signal.Woken += Wake;
    }

    protected override async Task TurnAsync(CancellationToken stopping)
    {
        // Side by side, and none waits for the others: one address at which a server dawdles for minutes holds up one place of eight.
        List<(string Id, Task Delivery)> underWay = [];
        var renewedAt = Stopwatch.GetTimestamp();
        using var cutOff = new CancellationTokenSource();
        using var farewell = stopping.Register(() => cutOff.CancelAfter(Farewell));
        try
        {
            // A mail without its links must not go out.
            while (_publicUrl.IsKnown)
            {
                stopping.ThrowIfCancellationRequested();
                var claimed = await ClaimAsync(AtOnce - underWay.Count, mayMiss: underWay.Count > 0);
                List<(string Id, Task Delivery)> begun = [.. claimed.Select(mail => (mail.Id, DeliverAsync(mail, cutOff.Token)))];
                underWay.AddRange(begun);
                if (underWay.Count == 0)
                {
                    return;
                }

                Task next = begun.Count > 0 ? Task.WhenAll(begun.Select(one => one.Delivery)) : Task.WhenAny(underWay.Select(one => one.Delivery));
                await Task.WhenAny(next, Task.Delay(Recheck, stopping));
                var done = underWay.FindAll(one => one.Delivery.IsCompleted);
                underWay.RemoveAll(done.Contains);
                await Task.WhenAll(done.Select(one => one.Delivery));
                if (underWay.Count > 0 && Stopwatch.GetElapsedTime(renewedAt) > Renewal && await TryRenewAsync([.. underWay.Select(one => one.Id)]))
                {
                    renewedAt = Stopwatch.GetTimestamp();
                }
            }
        }
        finally
        {
            await Task.WhenAll(underWay.Select(one => one.Delivery));
        }
    }

    /// <param name="most">How many places are free.</param>
    /// <param name="mayMiss">Others are under way: a database that is away must not end the turn, which keeps their leases.</param>
    private async Task<List<OutboxMail>> ClaimAsync(int most, bool mayMiss)
    {
        try
        {
            var now = _clock.Milliseconds();
            // Not cancelled in the middle: what is claimed without being known here waits for its lease to end.
            return most == 0 ? [] : await _database.WriteAsync(transaction => _store.ClaimAsync(transaction, now, now + (long)Lease.TotalMilliseconds, most), CancellationToken.None);
        }
        catch (Exception fault) when (mayMiss && Dialect.IsOutage(fault))
        {
            return [];
        }
    }

    /// <returns>False where the database is away: it is tried again at once, since the lease goes on running out.</returns>
    private async Task<bool> TryRenewAsync(List<string> ids)
    {
        try
        {
            await _database.WriteAsync(async transaction =>
            {
                foreach (var id in ids)
                {
                    await _store.RenewAsync(transaction, id, _clock.Milliseconds() + (long)Lease.TotalMilliseconds);
                }
            });
            return true;
        }
        catch (Exception fault) when (Dialect.IsOutage(fault))
        {
            LogNotRenewed(ids.Count, fault.Message);
            return false;
        }
    }

    /// <summary>Never fails: one mail of which something can't be noted must not end the turn, and with it the leases of the others.</summary>
    private async Task DeliverAsync(OutboxMail mail, CancellationToken cutOff)
    {
        try
        {
            await TryDeliverAsync(mail, cutOff);
        }
        catch (Exception fault)
        {
            LogLeft(mail.Id, mail.Template, fault);
        }
    }

    private async Task TryDeliverAsync(OutboxMail mail, CancellationToken cutOff)
    {
        var now = _clock.Milliseconds();
        if (now >= mail.SendBefore)
        {
            await FinishAsync(mail, MailState.Parked, mail.LastError ?? "It could not be sent before it ran out.", cutOff);
            return;
        }

        try
        {
            var content = _outbox.Open(mail) ?? throw new SmtpFailure("The content can't be opened with this master key.", isPermanent: true);
            var rendered = _templates.Value.Render(mail.Template, content.Language, Complete(content.Values, _branding, _publicUrl));
            await _transport.SendAsync(
                new(mail.Id, mail.Recipient, rendered, Links(content.Values), Code(content.Values), mail.CreatedAt.ToInstant()), cutOff);
        }
        catch (SmtpFailure failure) when (failure.IsPermanent)
        {
            LogParked(mail.Id, mail.Template, failure.Message);
            await FinishAsync(mail, MailState.Parked, failure.Message, cutOff);
            return;
        }
        catch (OperationCanceledException) when (cutOff.IsCancellationRequested)
        {
            await NoteAsync(transaction => _store.GiveBackAsync(transaction, mail.Id, _clock.Milliseconds()), cutOff);
            return;
        }
        catch (Exception fault)
        {
            var wait = Wait(mail.Attempts);
            LogRetried(mail.Id, mail.Template, wait.TotalSeconds, fault is SmtpFailure ? fault.Message : fault.GetType().Name);
            _mails.Add(1, new KeyValuePair<string, object?>("state", "retried"));
            await NoteAsync(transaction => _store.SetRetryAsync(transaction, mail.Id, now + (long)wait.TotalMilliseconds, fault.Message), cutOff);
            return;
        }

        await FinishAsync(mail, MailState.Sent, null, cutOff);
    }

    /// <summary>Seconds at first; then soon enough that after an outage nobody waits a minute; and ten minutes when it has lasted for hours.</summary>
    private static TimeSpan Wait(long attempts) => attempts switch
    {
        <= 1 => TimeSpan.FromSeconds(2),
        <= 4 => TimeSpan.FromSeconds(10),
        <= 150 => TimeSpan.FromSeconds(40),
        _ => TimeSpan.FromMinutes(10),
    };

    private async Task FinishAsync(OutboxMail mail, string state, string? error, CancellationToken cutOff)
    {
        await NoteAsync(transaction => _store.SetFinishedAsync(transaction, mail.Id, state, _clock.Milliseconds(), error), cutOff);
        _mails.Add(1, new KeyValuePair<string, object?>("state", state));
    }

    /// <summary>
    /// Not cancelled by a stop, and not given up while the database is away: what the mail server has taken would be sent again. The lease is kept meanwhile.
    /// Once the server's farewell is over there is one more try.
    /// </summary>
    private async Task NoteAsync(Func<Transaction, Task> note, CancellationToken cutOff)
    {
        while (true)
        {
            try
            {
                await _database.WriteAsync(note, CancellationToken.None);
                return;
            }
            catch (Exception fault) when (Dialect.IsOutage(fault) && !cutOff.IsCancellationRequested)
            {
                await Task.Delay(Recheck, cutOff).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    internal static Dictionary<string, string> Complete(IReadOnlyDictionary<string, string> values, Branding branding, PublicUrl publicUrl) => new(values)
    {
        ["brand_name"] = branding.Name,
        ["accent_color"] = branding.AccentColor,
        ["footer_note"] = branding.FooterNote,
        ["public_url"] = publicUrl.Text,
    };

    private static List<string> Links(IReadOnlyDictionary<string, string> values) =>
        [.. values.Where(value => value.Key.EndsWith("_url", StringComparison.Ordinal)).OrderBy(value => value.Key != "link_url").ThenBy(value => value.Key, StringComparer.Ordinal).Select(value => value.Value)];

    private static string? Code(IReadOnlyDictionary<string, string> values) => values.GetValueOrDefault("code") ?? values.GetValueOrDefault("temporary_password");

    [LoggerMessage(10, LogLevel.Warning, "Mail {MailId} ({Template}) was refused for good and is parked: {Reason}")]
    private partial void LogParked(string mailId, string template, string reason);

    [LoggerMessage(12, LogLevel.Warning, "{Count} mails under way could not be kept for this node, and are tried again: {Reason}")]
    private partial void LogNotRenewed(int count, string reason);

    [LoggerMessage(13, LogLevel.Error, "What became of mail {MailId} ({Template}) could not be noted: it is sent again when its lease has ended")]
    private partial void LogLeft(string mailId, string template, Exception fault);

    [LoggerMessage(11, LogLevel.Warning, "Mail {MailId} ({Template}) was not taken and waits {Seconds} s: {Reason}")]
    private partial void LogRetried(string mailId, string template, double seconds, string reason);
}
