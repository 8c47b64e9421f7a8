using System.Diagnostics.Metrics;
using Cardea.Crypto.Secrets;
using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Sessions;
using Cardea.Features.Standing;
using Cardea.Features.Tokens;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.SignIn;

/// <summary>
/// The one place where a proof becomes a session. Whatever the method, the account's standing is asked and the session limit held here, in the
/// transaction that makes the session: the account's row is locked, so a hundred parallel sign-ins pass one after the other.
/// </summary>
public sealed class SignInGate(
    Database database, AccountDirectory accounts, AccountStore accountStore, AccountStanding standing, SessionDirectory sessions, SessionStore sessionStore,
    SessionsOptions sessionsOptions, KnownDevices devices, AddressProof addressProof, SignInNotices notices, AuditLog audit, TimeProvider clock, IMeterFactory meters)
{
    /// <summary>Proved by more than one factor (RFC 8176 section 2).</summary>
    public const string MultiFactor = "mfa";

    private readonly Counter<long> _signIns = meters.Create(Telemetry.Name).CreateCounter<long>("cardea.sign_ins", "{sign-in}", "Sign-ins by outcome");

    public async Task<SignInOutcome> AdmitAsync(Proof proof, SignInRequest request)
    {
        var outcome = await database.WriteAsync(transaction => AdmitAsync(transaction, proof, request));
        Count(outcome is SignInOutcome.Refused(var refusal) ? refusal.Code : "signed_in");
        return outcome;
    }

    /// <summary>
    /// Lets an administrator view an account. It is no sign-in: nobody proved to be the owner, so nothing of it counts as recent, no device is remembered,
    /// no place is taken among the owner's sessions, and no refresh token is given out. Like a sign-in it is refused where the account may not have a token.
    /// </summary>
    /// <param name="account">As the transaction sees it, its row locked.</param>
    /// <param name="by">The administrator, with whose own session it ends.</param>
    public async Task<(Session? Session, SecretToken? CookieSecret, Problem? Refusal)> OpenViewingAsync(
        Transaction transaction, AccountSnapshot account, Caller by, bool forPages, TimeSpan lifetime, ClientInfo client)
    {
        if (await standing.RefuseAsync(new(account, [], UsedTemporaryPassword: false, Transaction: null)) is { } refusal)
        {
            return (null, null, refusal);
        }

        var now = clock.Milliseconds();
        var cookieSecret = forPages ? SecretToken.New() : null;
        var session = new Session
        {
            Id = Id.New(clock),
            AccountId = account.Id,
            CreatedAt = now,
            AuthenticatedAt = 0,
            LastSeenAt = now,
            ExpiresAt = now + (long)lifetime.TotalMilliseconds,
            Amr = "",
            Address = client.Address,
            UserAgent = client.UserAgent,
            RefreshHash = new RefreshToken("", RefreshTokenFormat.NewRandomValue(), Counter: 0).Hash, // of a value that nobody gets
            RefreshedAt = now,
            CookieHash = cookieSecret?.Hash.ToArray(),
            ActorId = by.AccountId,
            ActorSessionId = by.SessionId,
        };
        await sessionStore.AddAsync(transaction, session);
        await audit.RecordAsync(transaction, SessionEvents.ViewingBegan, account.Id, client, new { Until = session.ExpiresAt.ToInstant(), Pages = forPages }, session.Id, actorId: by.AccountId);
        return (session, cookieSecret, null);
    }

    /// <summary>For methods whose proof failed, so that all sign-ins are in one figure.</summary>
    public void Count(string outcome) => _signIns.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    private async Task<SignInOutcome> AdmitAsync(Transaction transaction, Proof proof, SignInRequest request)
    {
        var client = request.Client;
        if (await accounts.FindForUpdateAsync(transaction, proof.AccountId) is not { } account || !await proof.Settle(transaction))
        {
            return new SignInOutcome.Refused(proof.Unsettled);
        }

        var isUsedUp = proof.UseUp is null;
        if (proof.ProvesAddress && !account.Account.IsVerified)
        {
            // Before what was mailed to the account is voided, this among it. Its sessions end as well, so the limit can't stand in the way.
            if (!isUsedUp && !await proof.UseUp!(transaction))
            {
                return new SignInOutcome.Refused(proof.Unsettled);
            }

            isUsedUp = true;
            account = await addressProof.ProveAsync(transaction, account, keep: proof.Amr.Contains("pwd"), client);
        }

        var refusal = await standing.RefuseAsync(new(account, proof.Amr, proof.UsedTemporaryPassword, transaction, client))
            ?? await MakeRoomAsync(transaction, account.Id, client, request.Replace);
        if (!isUsedUp && refusal?.Code != SignInProblems.SessionActive.Code && !await proof.UseUp!(transaction))
        {
            return new SignInOutcome.Refused(proof.Unsettled);
        }

        if (refusal is not null)
        {
            await audit.RecordAsync(transaction, SignInEvents.Refused, account.Id, client, new { Reason = refusal.Code, proof.Amr });
            return new SignInOutcome.Refused(refusal);
        }

        return await OpenAsync(transaction, account, proof, request);
    }

    private async Task<Problem?> MakeRoomAsync(Transaction transaction, string accountId, ClientInfo client, bool replace)
    {
        if (sessionsOptions.MaxPerAccount == 0)
        {
            return null;
        }

        var live = await sessions.ListLiveAsync(transaction, accountId);
        var surplus = live.Count - sessionsOptions.MaxPerAccount + 1;
        if (surplus > 0 && !replace && sessionsOptions.WhenFull is WhenFull.Refuse)
        {
            return SignInProblems.SessionActive;
        }

        if (surplus > 0)
        {
            await sessions.EndOldestAsync(transaction, accountId, live[surplus - 1]);
            await audit.RecordAllAsync(transaction, SessionEvents.Replaced, live.Take(surplus).Select(oldest => (accountId, (object?)null, (string?)oldest.Id)), client, null);
        }

        return null;
    }

    private async Task<SignInOutcome> OpenAsync(Transaction transaction, AccountSnapshot account, Proof proof, SignInRequest request)
    {
        var (now, client) = (clock.Milliseconds(), request.Client);
        var cookieSecret = request.ForPages ? SecretToken.New() : null;
        var (device, deviceToken) = await devices.RememberAsync(transaction, account.Id, client, request.TrustDevice && proof.Amr.Contains(MultiFactor));
        var refreshToken = new RefreshToken(Id.New(clock), RefreshTokenFormat.NewRandomValue(), Counter: 0);
        var session = new Session
        {
            Id = refreshToken.SessionId,
            AccountId = account.Id,
            DeviceId = device.Id,
            CreatedAt = now,
            AuthenticatedAt = now,
            LastSeenAt = now,
            ExpiresAt = now + (long)sessionsOptions.Absolute.TotalMilliseconds,
            FactorAt = proof.Amr.Contains(MultiFactor) ? now : null,
            Amr = string.Join(' ', proof.Amr),
            Address = client.Address,
            UserAgent = client.UserAgent,
            RefreshHash = refreshToken.Hash,
            RefreshedAt = now,
            CookieHash = cookieSecret?.Hash.ToArray(),
        };
        await sessionStore.AddAsync(transaction, session);
        await accountStore.SetLastLoginAsync(transaction, account.Id, now);
        transaction.Invalidate(AccountDirectory.Topic, account.Id);
        await audit.RecordAsync(transaction, SignInEvents.SignedIn, account.Id, client, new { proof.Amr }, session.Id);
        if (proof.Finish is not null)
        {
            await proof.Finish(transaction);
        }

        await notices.ConsiderAsync(transaction, account.Account, session, isNewDevice: deviceToken is not null, client);
        return new SignInOutcome.SignedIn(account with { Account = account.Account with { LastLoginAt = now } }, session, refreshToken, cookieSecret, deviceToken);
    }
}
