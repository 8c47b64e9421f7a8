using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.Roles;
using Cardea.Features.SecondSteps;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;

namespace Cardea.Features.Admin;

/// <summary>
/// Takes away factors whose owner has lost them. What is left is the password, so whoever asks for it in the owner's name must not be believed lightly:
/// the owner is told by mail, all sessions end, and where a second factor is demanded the next sign-in sets one up.
/// </summary>
public sealed class FactorReset(Database database, AccountDirectory directory, SecondFactorChange change, Outbox outbox, AuditLog audit, TimeProvider clock)
{
    /// <summary>
    /// From the console never those of an administrator: with the power to send or set a temporary password, whoever has one administrator's session would
    /// have every administrator's account. Their factors are taken away on the machine itself, whose owner can do it anyway.
    /// </summary>
    public Task<Problem?> RemoveFromConsoleAsync(string accountId, bool keepPasskeys, Administrator by) => RemoveAsync(accountId, keepPasskeys, sparesAdministrators: true, by);

    public Task<Problem?> RemoveOnMachineAsync(string accountId, bool keepPasskeys, Administrator by) => RemoveAsync(accountId, keepPasskeys, sparesAdministrators: false, by);

    private Task<Problem?> RemoveAsync(string accountId, bool keepPasskeys, bool sparesAdministrators, Administrator by) => database.WriteAsync(async transaction =>
    {
        if (await directory.FindForUpdateAsync(transaction, accountId) is not { } account)
        {
            return CommonProblems.NotFound;
        }

        if (sparesAdministrators && account.Roles.Contains(RoleName.Admin))
        {
            return AdminProblems.FactorsProtected;
        }

        var removed = await change.RemoveAllAsync(transaction, account, keepPasskeys ? ["passkeys"] : []);
        await audit.RecordAsync(transaction, AdminEvents.FactorsReset, accountId, by.Client, new { Removed = removed, KeptPasskeys = keepPasskeys }, actorId: by.Actor);
        await outbox.EnqueueAsync(transaction, new Mail.Mail(
            "factors-reset-by-administrator", account.Account.Email, accountId, by.Client.Language, AccountMails.Greeting(account.Account).PlusTime(clock.GetUtcNow(), by.Client.Language), MailCause.Administrator));
        return null;
    });
}
