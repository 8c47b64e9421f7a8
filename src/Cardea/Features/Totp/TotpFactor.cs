using Cardea.Crypto.Otp;
using Cardea.Crypto.Secrets;
using Cardea.Features.Accounts;
using Cardea.Features.SecondSteps;
using Cardea.Features.Standing;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Totp;

/// <summary>The code of an authenticator app (RFC 6238). Its secret is sealed; the step of the last code is kept, so that a clock that goes back revives none.</summary>
public sealed class TotpFactor(Database database, TotpStore store, MasterKey masterKey, TimeProvider clock) : ISecondFactor
{
    public static readonly string[] Amr = ["otp"];

    private readonly AtRestCipher _cipher = new(masterKey.Derive("totp secrets"));

    public string Method => "totp";

    public FactorKind Kind => FactorKind.SetUp;

    public bool IsGuessable => true;

    public bool Takes(FactorAnswer answer) => answer.Code is { Length: <= 16 } code && code.Count(char.IsAsciiDigit) == TotpSecret.Digits;

    public async Task<bool> IsAvailableAsync(Scope scope, AccountSnapshot account, StandingQuestion? question) =>
        await store.FindAsync(scope, account.Id) is { ConfirmedAt: not null };

    public Task BeginAsync(Transaction transaction, AccountSnapshot account, PendingSignIn pending, ClientInfo client) => Task.CompletedTask;

    public async Task<FactorVerdict> CheckAsync(AccountSnapshot account, PendingSignIn? pending, FactorAnswer answer, ClientInfo client) =>
        await database.ReadAsync(scope => store.FindAsync(scope, account.Id)) is { ConfirmedAt: not null } stored
        && Open(stored).FindStep(answer.Code, clock.GetUtcNow(), stored.LastStep) is { } step
            ? new FactorVerdict.Right(Amr, transaction => store.TryUseStepAsync(transaction, account.Id, step))
            : new FactorVerdict.Wrong();

    public byte[] Seal(string accountId, TotpSecret secret) => _cipher.Seal(secret.ToArray(), Place(accountId));

    /// <exception cref="InvalidOperationException">The row was moved or changed, or is sealed under another master key.</exception>
    public TotpSecret Open(StoredTotp stored) => _cipher.TryOpen(stored.Secret, Place(stored.AccountId), out var bytes)
        ? TotpSecret.From(bytes)
        : throw new InvalidOperationException($"The authenticator secret of account {stored.AccountId} can't be opened with this master key.");

    private static string Place(string accountId) => "totp_secrets/" + accountId;
}
