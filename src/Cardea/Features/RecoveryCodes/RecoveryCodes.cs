using Cardea.Crypto.Secrets;
using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.SecondSteps;
using Cardea.Features.Standing;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.RecoveryCodes;

/// <summary>
/// Ten codes on paper, for the day on which the phone is lost. Each works once, in place of a factor that is set up. Stored under a key that is not in
/// the database; shown when they are made and never again.
/// </summary>
public sealed class RecoveryCodes(Database database, RecoveryCodeStore store, MasterKey masterKey, FactorAttempts attempts, Outbox outbox, AuditLog audit, TimeProvider clock) : ISecondFactor
{
    public const int Count = 10;

    /// <summary>With so many left the owner is told to make new ones.</summary>
    private const int Few = 2;

    private readonly byte[] _key = masterKey.Derive("recovery codes");

    public string Method => "recovery_code";

    public FactorKind Kind => FactorKind.Reserve;

    public bool IsGuessable => true;

    public bool Takes(FactorAnswer answer) => ReadableSecret.TryParse(answer.Code, out _);

    public async Task<bool> IsAvailableAsync(Scope scope, AccountSnapshot account, StandingQuestion? question) =>
        account.Account.HasSecondFactor && await store.CountAsync(scope, account.Id) > 0;

    public Task BeginAsync(Transaction transaction, AccountSnapshot account, PendingSignIn pending, ClientInfo client) => Task.CompletedTask;

    /// <summary>New ones; those there were are void.</summary>
    public async Task<IReadOnlyList<string>> RenewAsync(Transaction transaction, string accountId)
    {
        await store.RemoveAllAsync(transaction, accountId);
        await attempts.ForgetAsync(transaction, accountId, this);
        var codes = new List<string>(Count);
        for (var i = 0; i < Count; i++)
        {
            var code = ReadableSecret.New();
            await store.AddAsync(transaction, Id.New(clock), accountId, Mac(accountId, code), clock.Milliseconds());
            codes.Add(code.Reveal());
        }

        return codes;
    }

    public async Task<FactorVerdict> CheckAsync(AccountSnapshot account, PendingSignIn? pending, FactorAnswer answer, ClientInfo client)
    {
        if (!ReadableSecret.TryParse(answer.Code, out var code) || !await database.ReadAsync(scope => store.HasAsync(scope, account.Id, Mac(account.Id, code))))
        {
            return new FactorVerdict.Wrong();
        }

        return new FactorVerdict.Right(["otp"], async transaction =>
        {
            if (!await store.TryConsumeAsync(transaction, account.Id, Mac(account.Id, code)))
            {
                return false;
            }

            var left = await store.CountAsync(transaction, account.Id);
            await audit.RecordAsync(transaction, RecoveryCodesEvents.Used, account.Id, client, new { Left = left });
            await outbox.EnqueueAsync(transaction, RecoveryCodesMails.Used(account.Account, (int)left, left <= Few, clock.GetUtcNow(), client.Language));
            return true;
        });
    }

    private byte[] Mac(string accountId, ReadableSecret code) => code.Mac(_key, accountId);
}
