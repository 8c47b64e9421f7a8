using System.Security.Cryptography;
using Cardea.Crypto.Text;
using Cardea.Features.Accounts;
using Cardea.Features.SecondSteps;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passkeys;

/// <summary>A passkey that was added, and the recovery codes that come with an account's first factor.</summary>
public sealed record AddedPasskey(Passkey Passkey, IReadOnlyList<string>? RecoveryCodes);

/// <summary>Adds a passkey to an account.</summary>
public sealed class PasskeyEnrolment(
    Database database, PasskeyStore store, PasskeyChallenges challenges, PasskeyVerifier verifier, AccountDirectory accounts, SessionDirectory sessions,
    RecoveryCodes.RecoveryCodes recoveryCodes, SecondFactorChange change, RecentSignIn recent, TimeProvider clock)
{
    /// <summary>More than anybody has devices; all of them go into the options that a browser is given.</summary>
    public const int Most = 25;

    /// <summary>WebAuthn L3 section 14.6.1: 64 bytes at most, random, and nothing of who it is.</summary>
    private const int HandleLength = 32;

    public async Task<(string? Options, Problem? Refusal)> BeginAsync(Caller caller)
    {
        if (await accounts.FindAsync(caller.AccountId) is not { Account: var account })
        {
            return (null, CommonProblems.Unauthorized);
        }

        var fresh = Base64UrlText.Encode(RandomNumberGenerator.GetBytes(HandleLength));
        var (handle, existing) = await database.ReadAsync(async scope => (await store.FindHandleAsync(scope, account.Id), await store.ListAsync(scope, account.Id)));
        if (existing.Count >= Most)
        {
            return (null, PasskeysProblems.TooManyPasskeys);
        }

        handle ??= await database.WriteAsync(transaction => store.EnsureHandleAsync(transaction, account.Id, fresh, clock.Milliseconds()));
        return (await verifier.CreationOptionsAsync(challenges.Issue(PasskeyCeremony.Registration, BoundTo(caller)), handle, account.Email, existing), null);
    }

    /// <param name="name">Null for the name of the device that it is added from.</param>
    public async Task<(AddedPasskey? Added, Problem? Refusal)> FinishAsync(Caller caller, PasskeyCredential? credential, string? name, ClientInfo client)
    {
        if (credential is null
            || !challenges.IsLive(credential.Challenge, PasskeyCeremony.Registration, BoundTo(caller))
            || await database.ReadAsync(scope => store.FindHandleAsync(scope, caller.AccountId)) is not { } handle
            || await verifier.VerifyNewAsync(credential, credential.Challenge, handle) is not { } made)
        {
            return (null, PasskeysProblems.PasskeyRefused);
        }

        var passkey = new Passkey
        {
            Id = Id.New(clock),
            AccountId = caller.AccountId,
            CredentialId = made.CredentialId,
            PublicKey = made.PublicKey,
            Name = name ?? Texts.In(client.Language)[DeviceName.Of(client.UserAgent)],
            SignCount = made.SignCount,
            Transports = string.Join(' ', credential.Transports),
            IsUserVerified = made.IsUserVerified,
            IsBackupEligible = made.IsBackupEligible,
            IsBackedUp = made.IsBackedUp,
            CreatedAt = clock.Milliseconds(),
        };
        return await database.WriteAsync(transaction => AddAsync(transaction, caller, passkey, credential.Challenge, client));
    }

    private async Task<(AddedPasskey?, Problem?)> AddAsync(Transaction transaction, Caller caller, Passkey passkey, byte[] challenge, ClientInfo client)
    {
        if (await accounts.FindForUpdateAsync(transaction, caller.AccountId) is not { } account)
        {
            return (null, CommonProblems.Unauthorized);
        }

        if (await recent.RefuseAsync(transaction, account, caller) is { } refusal)
        {
            return (null, refusal);
        }

        if ((await store.ListAsync(transaction, account.Id)).Count >= Most)
        {
            return (null, PasskeysProblems.TooManyPasskeys);
        }

        if (!await challenges.TryUseAsync(transaction, challenge) || !await store.TryAddAsync(transaction, passkey))
        {
            return (null, PasskeysProblems.PasskeyRefused);
        }

        var codes = account.Account.HasSecondFactor ? null : await recoveryCodes.RenewAsync(transaction, account.Id);
        await change.ApplyAsync(transaction, account, PasskeysEvents.Added, new Phrase("A passkey was added."), caller, client, endOthers: false, new { passkey.Id });
        if (caller.PendingId is null)
        {
            await sessions.ProveAgainAsync(transaction, caller.SessionId, [.. passkey.Amr, SignInGate.MultiFactor], byFactor: true);
        }

        return (new(passkey, codes), null);
    }

    private static string BoundTo(Caller caller) => caller.PendingId ?? caller.SessionId;
}
