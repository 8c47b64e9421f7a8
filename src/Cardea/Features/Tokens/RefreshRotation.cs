using System.Security.Cryptography;
using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Sessions;
using Cardea.Features.Standing;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Tokens;

/// <summary>
/// A refresh token works once and gives its successor (RFC 9700 section 4.14.2). The immediate predecessor may come again for ten seconds while
/// its successor is unused, and gets that same successor: two tabs that refresh at once, or an answer that the network lost. Any other old token
/// means that two hold what one was given, and nobody can tell which is the thief: the session ends, and that refusal is committed.
/// </summary>
public sealed class RefreshRotation(
    Database database, RefreshTokenFormat format, SessionDirectory sessions, SessionStore store, AccountDirectory accounts, AccountStanding standing, TokenIssuer issuer,
    TokensOptions options, AuditLog audit, TimeProvider clock)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>What the clock may have been set back by since, as one that is kept right is. By more, and the ten seconds could last for hours.</summary>
    private static readonly TimeSpan SetBack = TimeSpan.FromSeconds(1);

    public async Task<(TokenBody? Tokens, Problem? Refusal)> RotateAsync(string text, ClientInfo client)
    {
        if (!format.TryRead(text, out var token)
            || await sessions.FindLiveAsync(token.SessionId) is not { IsViewing: false } session
            || !CryptographicOperations.FixedTimeEquals(token.Hash, session.RefreshHash)
            || await accounts.FindAsync(session.AccountId) is not { } account)
        {
            return (null, TokenProblems.InvalidToken);
        }

        if (await standing.RefuseAsync(new(account, session.AmrWords, UsedTemporaryPassword: false, Transaction: null)) is { } refusal)
        {
            return (null, refusal);
        }

        var successor = await database.WriteAsync(transaction => RotateAsync(transaction, token, client));
        return successor is null ? (null, TokenProblems.InvalidToken) : (await issuer.IssueAsync(account, session, successor), null);
    }

    private async Task<RefreshToken?> RotateAsync(Transaction transaction, RefreshToken token, ClientInfo client)
    {
        var now = clock.Milliseconds();
        var successor = token with { Counter = token.Counter + 1 };
        // Idle for too long is decided on the row itself: a copy in memory may be older than the last refresh.
        if (await store.TryRotateAsync(transaction, token.SessionId, token.Counter, now, (long)options.RefreshTokenLifetime.TotalMilliseconds))
        {
            return successor;
        }

        if (await store.FindAsync(transaction, token.SessionId) is not { } session || token.Counter >= session.RefreshCounter)
        {
            return null; // the session ended, the token lay too long, or the database is older than the token
        }

        if (await store.FindAgeAsync(transaction, session.Id, successor.Counter, now) is { } age && age <= Grace.TotalMilliseconds && age >= -SetBack.TotalMilliseconds)
        {
            return successor;
        }

        await sessions.TryEndAsync(transaction, session.Id, session.AccountId);
        await audit.RecordAsync(transaction, TokenEvents.RefreshReused, session.AccountId, client, new { token.Counter, Newest = session.RefreshCounter }, session.Id);
        return null;
    }
}
