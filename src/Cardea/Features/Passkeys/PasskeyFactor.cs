using System.Text.Json;
using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.SecondSteps;
using Cardea.Features.Standing;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passkeys;

/// <summary>A passkey as a second step, and as what confirms a living session. What was proved before says whose it must be.</summary>
public sealed class PasskeyFactor(Database database, PasskeyStore store, PasskeyChallenges challenges, PasskeyVerifier verifier, AuditLog audit, TimeProvider clock) : ISecondFactor
{
    public const string Name = "passkey";

    public string Method => Name;

    public FactorKind Kind => FactorKind.SetUp;

    public bool IsGuessable => false;

    public bool Takes(FactorAnswer answer) => answer.Credential is { ValueKind: JsonValueKind.Object };

    public async Task<bool> IsAvailableAsync(Scope scope, AccountSnapshot account, StandingQuestion? question) => (await store.ListAsync(scope, account.Id)).Count > 0;

    public Task BeginAsync(Transaction transaction, AccountSnapshot account, PendingSignIn pending, ClientInfo client) => Task.CompletedTask;

    /// <summary>Options that name the account's own passkeys, for who has proved something already.</summary>
    public async Task<string> OptionsAsync(string accountId, PendingSignIn? pending)
    {
        var passkeys = await database.ReadAsync(scope => store.ListAsync(scope, accountId));
        var challenge = pending is null ? challenges.Issue(PasskeyCeremony.Confirmation, accountId) : challenges.Issue(PasskeyCeremony.SecondStep, pending.Id);
        return await verifier.RequestOptionsAsync(challenge, passkeys, mustVerify: false);
    }

    public async Task<FactorVerdict> CheckAsync(AccountSnapshot account, PendingSignIn? pending, FactorAnswer answer, ClientInfo client)
    {
        if (PasskeyCredential.ParseAsserted(answer.Credential) is not { } credential || !IsFor(credential.Challenge, account, pending))
        {
            return new FactorVerdict.Wrong();
        }

        var (passkey, handle) = await database.ReadAsync(async scope => (await store.FindByCredentialAsync(scope, credential.Id), await store.FindHandleAsync(scope, account.Id)));
        if (passkey is null || handle is null || passkey.AccountId != account.Id)
        {
            return new FactorVerdict.Wrong();
        }

        switch (await verifier.VerifyAsync(credential, credential.Challenge, passkey, handle, isIdentified: true, mustVerify: false))
        {
            case AssertionVerdict.Accepted accepted:
                // Beside another proof a key may begin to verify its owner (WebAuthn L3 section 7.2, step 24.3).
                var isUserVerified = passkey.IsUserVerified || (pending is not null && accepted.IsUserVerified);
                return new FactorVerdict.Right(passkey.Amr, async transaction =>
                    await challenges.TryUseAsync(transaction, credential.Challenge)
                    && await store.TryUseAsync(transaction, passkey.Id, accepted.SignCount, accepted.IsBackedUp, isUserVerified, clock.Milliseconds()));
            case AssertionVerdict.Refused { IsCopied: true }:
                await database.WriteAsync(transaction => audit.RecordAsync(transaction, PasskeysEvents.Copied, account.Id, client, new { passkey.Id }));
                return new FactorVerdict.Wrong();
            default:
                return new FactorVerdict.Wrong();
        }
    }

    /// <summary>A living session may confirm itself by what would sign its owner in anew: that proves no less, and is what a client can ask for over JSON.</summary>
    private bool IsFor(byte[] challenge, AccountSnapshot account, PendingSignIn? pending) => pending is not null
        ? challenges.IsLive(challenge, PasskeyCeremony.SecondStep, pending.Id)
        : challenges.IsLive(challenge, PasskeyCeremony.Confirmation, account.Id) || challenges.IsLive(challenge, PasskeyCeremony.SignIn, PasskeySignIn.Anybody);
}
