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
                var now = _clock.Milliseconds();
                // Not cancelled in the middle: what is claimed without being known here waits for its lease to end.
                var claimed = underWay.Count == AtOnce ? [] : await _database.WriteAsync(
                    transaction => _store.ClaimAsync(transaction, now, now + (long)Lease.TotalMilliseconds, AtOnce - underWay.Count), CancellationToken.None);
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
                if (underWay.Count > 0 && Stopwatch.GetElapsedTime(renewedAt) > Renewal)
                {
                    await RenewAsync([.. underWay.Select(one => one.Id)]);
                    renewedAt = Stopwatch.GetTimestamp();
                }
            }
        }
        finally
        {
            await Task.WhenAll(underWay.Select(one => one.Delivery));
        }
    }

    private Task RenewAsync(List<string> ids) => _database.WriteAsync(async transaction =>
    {
        foreach (var id in ids)
        {
            await _store.RenewAsync(transaction, id, _clock.Milliseconds() + (long)Lease.TotalMilliseconds);
        }
    });

    private async Task DeliverAsync(OutboxMail mail, CancellationToken cutOff)
    {
        var now = _clock.Milliseconds();
        if (now >= mail.SendBefore)
        {
            await FinishAsync(mail, MailState.Parked, mail.LastError ?? "It could not be sent before it ran out.");
            return;
        }

        try
        {
            var content = _outbox.Open(mail) ?? throw new SmtpFailure("The content can't be opened with this master key.", isPermanent: true);
            var rendered = _templates.Value.Render(mail.Template, content.Language, Complete(content.Values, _branding, _publicUrl));
            await _transport.SendAsync(
                new(mail.Id, mail.Recipient, rendered, Links(content.Values), Code(content.Values), mail.CreatedAt.ToInstant()), cutOff);
            await FinishAsync(mail, MailState.Sent, null);
        }
        catch (SmtpFailure failure) when (failure.IsPermanent)
        {
            LogParked(mail.Id, mail.Template, failure.Message);
            await FinishAsync(mail, MailState.Parked, failure.Message);
        }
        catch (OperationCanceledException) when (cutOff.IsCancellationRequested)
        {
            await _database.WriteAsync(transaction => _store.GiveBackAsync(transaction, mail.Id, _clock.Milliseconds()), CancellationToken.None);
        }
        catch (Exception fault)
        {
            var wait = Wait(mail.Attempts);
            LogRetried(mail.Id, mail.Template, wait.TotalSeconds, fault is SmtpFailure ? fault.Message : fault.GetType().Name);
            _mails.Add(1, new KeyValuePair<string, object?>("state", "retried"));
            await _database.WriteAsync(transaction => _store.SetRetryAsync(transaction, mail.Id, now + (long)wait.TotalMilliseconds, fault.Message), CancellationToken.None);
        }
    }

    /// <summary>Seconds at first; then soon enough that after an outage nobody waits a minute; and ten minutes when it has lasted for hours.</summary>
    private static TimeSpan Wait(long attempts) => attempts switch
    {
        <= 1 => TimeSpan.FromSeconds(2),
        <= 4 => TimeSpan.FromSeconds(10),
        <= 150 => TimeSpan.FromSeconds(40),
        _ => TimeSpan.FromMinutes(10),
    };

    private async Task FinishAsync(OutboxMail mail, string state, string? error)
    {
        // Not cancelled by a stop: what the server has taken must not be sent again.
        await _database.WriteAsync(transaction => _store.SetFinishedAsync(transaction, mail.Id, state, _clock.Milliseconds(), error), CancellationToken.None);
        _mails.Add(1, new KeyValuePair<string, object?>("state", state));
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

    [LoggerMessage(11, LogLevel.Warning, "Mail {MailId} ({Template}) was not taken and waits {Seconds} s: {Reason}")]
    private partial void LogRetried(string mailId, string template, double seconds, string reason);
}
