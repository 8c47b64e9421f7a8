using Cardea.Features.Audit;
using Cardea.Features.SignIn;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passkeys;

/// <summary>
/// Proves by a passkey alone: the authenticator says whose it is, and has verified them, so it stands for both factors. No name is typed, and what is
/// asked for is the same for everybody. It can't be guessed, so no attempts are counted: while somebody tries passwords the owner still gets in.
/// </summary>
public sealed class PasskeySignIn(Database database, PasskeyStore store, PasskeyChallenges challenges, PasskeyVerifier verifier, SignInGate gate, FailedSignIns failed, AuditLog audit, TimeProvider clock)
{
    /// <summary>What is asked over JSON is bound to nobody.</summary>
    public const string Anybody = "";

    /// <param name="boundTo">The browser that a page gives them to, or <see cref="Anybody"/>.</param>
    public Task<string> OptionsAsync(string boundTo) => verifier.RequestOptionsAsync(challenges.Issue(PasskeyCeremony.SignIn, boundTo), allowed: null, mustVerify: true);

    public async Task<SignInOutcome> SignInAsync(PasskeyCredential? credential, string boundTo, SignInRequest request)
    {
        if (credential is null || !challenges.IsLive(credential.Challenge, PasskeyCeremony.SignIn, boundTo))
        {
            return await RefuseAsync(null, "challenge", request.Client);
        }

        var (passkey, handle) = await database.ReadAsync(async scope =>
            await store.FindByCredentialAsync(scope, credential.Id) is { } found ? (found, await store.FindHandleAsync(scope, found.AccountId)) : (null, null));
        if (passkey is null || handle is null)
        {
            return await RefuseAsync(null, "unknown_passkey", request.Client);
        }

        if (!passkey.IsUserVerified)
        {
            return await RefuseAsync(passkey, "second_step_only", request.Client); // whoever finds such a key could give it a PIN of their own
        }

        switch (await verifier.VerifyAsync(credential, credential.Challenge, passkey, handle, isIdentified: false, mustVerify: true))
        {
            case AssertionVerdict.Accepted accepted:
                return await gate.AdmitAsync(new Proof(
                    passkey.AccountId,
                    [.. passkey.Amr, SignInGate.MultiFactor],
                    async transaction => await challenges.TryUseAsync(transaction, credential.Challenge)
                        && await store.TryUseAsync(transaction, passkey.Id, accepted.SignCount, accepted.IsBackedUp, isUserVerified: true, clock.Milliseconds()))
                {
                    Unsettled = PasskeysProblems.InvalidPasskey,
                }, request);
            case AssertionVerdict.Refused { IsCopied: true }:
                await database.WriteAsync(async transaction =>
                {
                    // Whoever signs has the private key: each time is written down.
                    await audit.RecordAsync(transaction, PasskeysEvents.Copied, passkey.AccountId, request.Client, new { passkey.Id });
                    await audit.RecordAsync(transaction, SignInEvents.Failed, passkey.AccountId, request.Client, new { Reason = "copied", Method = PasskeyFactor.Name });
                });
                return Refuse();
            default:
                return await RefuseAsync(passkey, "not_verified", request.Client);
        }
    }

    /// <summary>Of somebody who has shown nothing: what a passkey is called is no secret, and tries are not counted.</summary>
    private async Task<SignInOutcome> RefuseAsync(Passkey? passkey, string reason, ClientInfo client)
    {
        await database.WriteAsync(transaction => failed.RecordAsync(
            transaction, SignInEvents.Failed, passkey?.AccountId, client, $"passkey {reason}", times => new { Reason = reason, Method = PasskeyFactor.Name, Times = times }));
        return Refuse();
    }

    private SignInOutcome.Refused Refuse()
    {
        gate.Count(PasskeysProblems.InvalidPasskey.Code);
        return new SignInOutcome.Refused(PasskeysProblems.InvalidPasskey);
    }
}
