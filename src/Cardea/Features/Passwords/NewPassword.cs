using Cardea.Features.Accounts;
using Cardea.Features.Mail;
using Cardea.Features.SecondSteps;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passwords;

/// <summary>
/// What goes with every new password, whichever way it came: sessions end, sign-ins that wait for their second step and mailed secrets are void,
/// devices are trusted no more, old guesses forgotten, the owner told.
/// </summary>
public sealed class NewPassword(
    AccountStore accounts, SessionDirectory sessions, DeviceStore devices, PendingSignIns pendings, OneTimeSecrets.OneTimeSecrets secrets, PasswordAttempts attempts,
    IEnumerable<PasswordRenewed> renewals, Outbox outbox, TimeProvider clock)
{
    /// <param name="exceptSession">The session that goes on, where the owner changed the password in it; null where the password came by mail or from an administrator.</param>
    public async Task SetAsync(Transaction transaction, Account account, string hash, ClientInfo client, string? exceptSession, bool isTemporary = false)
    {
        await accounts.SetPasswordAsync(transaction, account.Id, hash, clock.Milliseconds(), isTemporary);
        await sessions.EndAllAsync(transaction, account.Id, exceptSession);
        await pendings.VoidAllAsync(transaction, account.Id);
        await devices.DistrustAllAsync(transaction, account.Id);
        await secrets.VoidAllAsync(transaction, account.Id);
        foreach (var renewal in exceptSession is null ? renewals : [])
        {
            await renewal.BeginAgainAsync(transaction, account.Id);
        }

        await attempts.ForgetAsync(transaction, account.Id);
        await outbox.EnqueueAsync(transaction, PasswordMails.Changed(account, clock.GetUtcNow(), client.Language));
        transaction.Invalidate(AccountDirectory.Topic, account.Id);
    }

    public static IEnumerable<string?> NamesOf(Account account) => [account.Email, account.Username, account.GivenName, account.FamilyName];
}
