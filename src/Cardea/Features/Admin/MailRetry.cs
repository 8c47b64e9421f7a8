using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;

namespace Cardea.Features.Admin;

/// <summary>Sends a mail again that was given up, or waits for its next try.</summary>
public sealed class MailRetry(Database database, OutboxStore outbox, OutboxSignal signal, AuditLog audit, TimeProvider clock)
{
    public Task<Problem?> RetryAsync(string id, Administrator by) => database.WriteAsync(async transaction =>
    {
        if (!Id.IsWellFormed(id) || await outbox.FindAsync(transaction, id) is not { } mail)
        {
            return CommonProblems.NotFound;
        }

        if (!await outbox.TryRequeueAsync(transaction, id, clock.Milliseconds()))
        {
            return AdminProblems.MailNotRetried;
        }

        await audit.RecordAsync(transaction, AdminEvents.MailRetried, mail.AccountId, by.Client, new { Mail = id, mail.Template }, actorId: by.Actor);
        transaction.AfterCommit(signal.Wake);
        return null;
    });
}
