using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.Passwords;
using Cardea.Features.Sessions;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Objections;

/// <summary>
/// The owner of an account reads of a sign-in and says that it was somebody else. That device is signed out and unknown again, the password is
/// nobody's, and the owner sets another at once. The session may long be over: what the stranger knows is not.
/// </summary>
public sealed class SignInObjection(
    Database database, SignInNotices notices, SignInNoticeStore store, AccountStore accounts, SessionDirectory sessions, DeviceStore devices, PasswordRevocation revocation, Outbox outbox,
    ObjectionsMails mails, AuditLog audit, TimeProvider clock)
{
    public Task<SignInNotice?> LookAsync(string? token) => database.ReadAsync(async scope =>
        await notices.FindAsync(scope, token) is { } notice && await accounts.FindAsync(scope, notice.AccountId) is { } account && account.Email == notice.Recipient ? notice : null);

    public Task<Objection> RaiseAsync(string? token, ClientInfo client) => database.WriteAsync<Objection>(async transaction =>
    {
        // Looked at again under the account's lock: a second click that comes at the same moment finds what the first has done.
        if (await notices.FindAsync(transaction, token) is not { } found
            || await accounts.FindForUpdateAsync(transaction, found.AccountId) is not { } account
            || account.Email != found.Recipient // that mailbox has lost the account
            || await notices.FindAsync(transaction, token) is not { } notice)
        {
            return new Objection.Unknown();
        }

        await sessions.EndOfDeviceAsync(transaction, account.Id, notice.SessionId, notice.DeviceId);
        if (notice.DeviceId is not null)
        {
            await devices.RemoveAsync(transaction, account.Id, notice.DeviceId);
        }

        if (!await store.TryAnswerAsync(transaction, notice.Id, tookPassword: account.PasswordHash is not null, clock.Milliseconds()))
        {
            return notice.TookPassword && account.PasswordHash is null
                ? new Objection.Upheld(await revocation.LetSetAsync(transaction, account)) // the page was closed before the new password was set
                : new Objection.Settled();
        }

        var setPassword = await revocation.RevokeAsync(transaction, account);
        await audit.RecordAsync(transaction, ObjectionsEvents.SignIn, account.Id, client, sessionId: notice.SessionId);
        await outbox.EnqueueAsync(transaction, mails.SignInDisowned(account, clock.GetUtcNow(), client.Language));
        return new Objection.Upheld(setPassword);
    });
}
