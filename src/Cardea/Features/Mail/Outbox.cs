using System.Text.Json;
using Cardea.Crypto.Secrets;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Mail;

/// <summary>A mail to be sent: its template, to whom, and what is said in it.</summary>
/// <param name="Language">Of the request that led to it: nothing is stored about what an account's owner speaks.</param>
/// <param name="LivesFor">After so long it says nothing true any more, such as a code that has run out, and is not sent.</param>
public sealed record Mail(string Template, string Recipient, string? AccountId, string Language, IReadOnlyDictionary<string, string> Values, TimeSpan? LivesFor = null);

/// <summary>
/// Mail is put into the database in the transaction that it tells of, and sent by a job: what was rolled back is not mailed, what was
/// committed is, and no request ever waits for a mail server.
/// </summary>
public sealed class Outbox(OutboxStore store, MasterKey masterKey, OutboxSignal signal, TimeProvider clock)
{
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(1);

    private readonly AtRestCipher _cipher = new(masterKey.Derive("outbox"));

    public async Task EnqueueAsync(Transaction transaction, Mail mail)
    {
        var (id, now) = (Id.New(clock), clock.Milliseconds());
        await store.AddAsync(transaction, new OutboxMail
        {
            Id = id,
            AccountId = mail.AccountId,
            Template = mail.Template,
            Recipient = mail.Recipient,
            Content = Seal(id, new(mail.Language, mail.Values)),
            State = MailState.Queued,
            NextAttemptAt = now,
            SendBefore = now + (long)(mail.LivesFor ?? LongestLife).TotalMilliseconds,
            CreatedAt = now,
        });
        transaction.AfterCommit(signal.Wake);
    }

    /// <summary>Null when the row was moved, changed, or sealed under another master key.</summary>
    internal MailContent? Open(OutboxMail mail) =>
        mail.Content is not null && _cipher.TryOpen(mail.Content, "outbox:" + mail.Id, out var json) ? JsonSerializer.Deserialize<MailContent>(json, CardeaJson.Writing) : null;

    private byte[] Seal(string id, MailContent content) => _cipher.Seal(JsonSerializer.SerializeToUtf8Bytes(content, CardeaJson.Writing), "outbox:" + id);
}

internal sealed record MailContent(string Language, IReadOnlyDictionary<string, string> Values);

/// <summary>Wakes the jobs that send mail, wherever they are.</summary>
public sealed class OutboxSignal
{
    public event Action? Woken;

    public void Wake() => Woken?.Invoke();
}
