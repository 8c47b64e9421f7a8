using System.Text.Json;
using Cardea.Crypto.Secrets;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Mail;

/// <summary>A mail to be sent: its template, to whom, and what is said in it.</summary>
/// <param name="Language">Of the request that led to it: nothing is stored about what an account's owner speaks.</param>
/// <param name="Cause">Whose act it comes of, and with that how many of its kind may go to the same address.</param>
/// <param name="LivesFor">After so long it says nothing true any more, such as a code that has run out, and is not sent.</param>
public sealed record Mail(string Template, string Recipient, string? AccountId, string Language, IReadOnlyDictionary<string, string> Values, MailCause Cause, TimeSpan? LivesFor = null)
{
    /// <summary>What counts as the same kind: its template, unless news of different weight share one.</summary>
    public string Kind { get; init; } = Template;
}

/// <summary>Why a mail is sent. Whatever somebody can do again and again would fill a mailbox, their own or a stranger's, if each time were mailed.</summary>
public enum MailCause
{
    /// <summary>Somebody asked for it. Who sends it has taken the <see cref="MailAllowance"/> of its kind before the secret in it was made.</summary>
    Asked,

    /// <summary>Tells somebody what was done with their account, at an address that has been proved.</summary>
    Owner,

    /// <summary>The same at an address that nobody has ever proved: it may be a stranger's, and only what somebody else typed.</summary>
    Unproved,

    /// <summary>An administrator's deed, or a command's. Nothing that others cause uses it up.</summary>
    Administrator,
}

/// <summary>
/// Mail is put into the database in the transaction that it tells of, and sent by a job: what was rolled back is not mailed, what was
/// committed is, and no request ever waits for a mail server.
/// </summary>
public sealed class Outbox(OutboxStore store, MailAllowance allowance, MasterKey masterKey, OutboxSignal signal, TimeProvider clock)
{
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(1);

    private readonly AtRestCipher _cipher = new(masterKey.Derive("outbox"));

    /// <returns>False when its address has had so many of its kind that no more go out for now. Nothing else changes by it: what was done is done, answered and audited.</returns>
    public async Task<bool> EnqueueAsync(Transaction transaction, Mail mail)
    {
        if (!await allowance.TryTakeAsync(transaction, mail))
        {
            return false;
        }

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
        return true;
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
