using System.Security.Cryptography;
using System.Text;
using Cardea.Crypto.Secrets;
using Cardea.Features.RateLimits;
using Cardea.Foundation.Data;

namespace Cardea.Features.OneTimeSecrets;

/// <summary>A secret just made: the only moment in which it can be read.</summary>
public sealed record IssuedSecret(SecretToken? Token, NumericCode? Code);

/// <summary>A secret that is right, and is used up once <see cref="OneTimeSecrets.TryConsumeAsync"/> says so.</summary>
public sealed record CheckedSecret(string Id, string AccountId, string? Target);

/// <summary>
/// Links and codes that work once. The database holds what can check them and nothing that could be used in their stead: tokens as SHA-256,
/// since 256 random bits can't be guessed from it; codes under a key that is not in the database, since a million of them could.
/// </summary>
public sealed class OneTimeSecrets(OneTimeSecretStore store, AttemptCounters counters, MasterKey masterKey, TimeProvider clock)
{
    private const int CodeTries = 5;

    /// <summary>So many wrong ones in a row, over all codes that were mailed, and a code has one try.</summary>
    private const int WrongAtFullTries = 10;

    private static readonly AttemptLadder NoPause = new(Free: int.MaxValue, TimeSpan.Zero, TimeSpan.Zero, Last: int.MaxValue);

    private readonly byte[] _codeKey = masterKey.Derive("one-time codes");
    private readonly byte[] _bindingKey = masterKey.Derive("code bindings");
    private readonly byte[] _addressKey = masterKey.Derive("code addresses");

    /// <summary>A newer secret voids the older one of the same account and purpose.</summary>
    /// <param name="binding">
    /// <see cref="Foundation.Web.ClientInfo.Binding"/> of who asked: the code is nothing without it, so that whoever talks a person out of
    /// the digits has nothing yet. The link is not bound: mail is read on another device than the one that asked.
    /// </param>
    /// <param name="address">Whose wrong codes are remembered, where that is not the account: accounts are deleted and made again.</param>
    public async Task<IssuedSecret> IssueAsync(Transaction transaction, SecretPurpose purpose, string accountId, string? target = null, string? binding = null, string? address = null)
    {
        var token = purpose.TokenLifetime > TimeSpan.Zero ? SecretToken.New() : null;
        var code = purpose.CodeLifetime > TimeSpan.Zero ? NumericCode.New() : null;
        var (id, now) = (Id.New(clock), clock.Milliseconds());
        var isWary = purpose.RemembersGuesses && await counters.CountAsync(transaction, WrongKey(purpose, accountId, address)) >= WrongAtFullTries;
        await store.PutAsync(transaction, new StoredSecret
        {
            Id = id,
            AccountId = accountId,
            Purpose = purpose.Name,
            TokenHash = token?.Hash.ToArray(),
            TokenExpiresAt = now + (long)purpose.TokenLifetime.TotalMilliseconds,
            CodeMac = code?.Mac(_codeKey, Context(purpose, accountId, binding)),
            CodeExpiresAt = now + (long)purpose.CodeLifetime.TotalMilliseconds,
            CodeTriesLeft = isWary ? 1 : CodeTries,
            Target = target,
            BoundTo = code is null || binding is null ? null : id + BindingMac(purpose, accountId, binding),
            CreatedAt = now,
        });
        return new(token, code);
    }

    /// <summary>As <see cref="IssueAsync"/>, for a text that a person types and the caller made from at least 80 random bits.</summary>
    public Task IssueTextAsync(Transaction transaction, SecretPurpose purpose, string accountId, string text)
    {
        var now = clock.Milliseconds();
        return store.PutAsync(transaction, new StoredSecret
        {
            Id = Id.New(clock),
            AccountId = accountId,
            Purpose = purpose.Name,
            TokenHash = TextHash(purpose, accountId, text),
            TokenExpiresAt = now + (long)purpose.TokenLifetime.TotalMilliseconds,
            CreatedAt = now,
        });
    }

    /// <summary>Whether the token would be taken now; nothing is used up, however often it is asked (mail scanners open links).</summary>
    public async Task<CheckedSecret?> CheckTokenAsync(Scope scope, SecretPurpose purpose, string? text) =>
        SecretToken.TryParse(text, out var token) ? await store.FindLiveAsync(scope, purpose.Name, token.Hash.ToArray(), clock.Milliseconds()) : null;

    public Task<CheckedSecret?> CheckTextAsync(Scope scope, SecretPurpose purpose, string accountId, string text) =>
        store.FindLiveAsync(scope, purpose.Name, TextHash(purpose, accountId, text), clock.Milliseconds());

    /// <summary>
    /// The try is counted whatever comes of it; after the fifth even the right code is refused. Only who could be right counts: a code that was asked for in a
    /// browser can't be guessed elsewhere, and what is typed elsewhere must not use it up.
    /// </summary>
    /// <param name="binding">Of who types the code. One that was asked for without a binding works with any.</param>
    /// <param name="address">As it was given to <see cref="IssueAsync"/>.</param>
    public async Task<CheckedSecret?> CheckCodeAsync(Transaction transaction, SecretPurpose purpose, string accountId, string? text, string? binding, string? address = null)
    {
        if (!NumericCode.TryParse(text, out var code))
        {
            return null;
        }

        if (await store.TryCodeAsync(transaction, accountId, purpose.Name, clock.Milliseconds(), binding is null ? null : BindingMac(purpose, accountId, binding)) is not { CodeMac: { } expected } stored)
        {
            if (purpose.RemembersGuesses)
            {
                await counters.BeginAsync(transaction, NobodysKey(code), NoPause); // so that time doesn't tell where a code waits
            }

            return null;
        }

        var isRight = IsAsked(code, null, expected) || IsAsked(code, binding, expected);
        if (purpose.RemembersGuesses)
        {
            var key = WrongKey(purpose, accountId, address);
            await (isRight ? counters.ForgetAsync(transaction, key) : counters.BeginAsync(transaction, key, NoPause));
        }

        return isRight ? new(stored.Id, stored.AccountId, stored.Target) : null;

        bool IsAsked(NumericCode typed, string? by, byte[] expected) => CryptographicOperations.FixedTimeEquals(typed.Mac(_codeKey, Context(purpose, accountId, by)), expected);
    }

    /// <summary>Whether it is still there to be used up, for who holds the account's row until it is.</summary>
    public Task<bool> IsStillAsync(Scope scope, CheckedSecret secret) => store.IsLiveAsync(scope, secret.Id, clock.Milliseconds());

    /// <summary>One statement decides, so that of any number of parallel callers one wins.</summary>
    public Task<bool> TryConsumeAsync(Transaction transaction, CheckedSecret secret) => store.TryRemoveAsync(transaction, secret.Id);

    /// <summary>The accounts to which a secret of this purpose about this target was given, such as an address that is to be confirmed.</summary>
    public Task<List<string>> ListAccountsAsync(Scope scope, SecretPurpose purpose, string target) => store.ListAccountsAsync(scope, purpose.Name, target);

    public Task VoidAsync(Transaction transaction, SecretPurpose purpose, string accountId) => store.VoidAsync(transaction, accountId, purpose.Name);

    public Task VoidAllAsync(Transaction transaction, string accountId) => store.VoidAllAsync(transaction, accountId);

    private string BindingMac(SecretPurpose purpose, string accountId, string binding) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_bindingKey, Encoding.UTF8.GetBytes(Context(purpose, accountId, binding))));

    private string WrongKey(SecretPurpose purpose, string accountId, string? address) => address is null
        ? $"code:{accountId}:wrong:{purpose.Name}"
        : $"code:address:{Convert.ToHexStringLower(HMACSHA256.HashData(_addressKey, Encoding.UTF8.GetBytes(address)).AsSpan(0, 16))}:wrong:{purpose.Name}";

    /// <summary>Of many, so that guesses at nothing don't wait for each other's row.</summary>
    private string NobodysKey(NumericCode code) => $"code:nobody:{code.Mac(_codeKey, "nobody")[0]}";

    private static byte[] TextHash(SecretPurpose purpose, string accountId, string text) => TokenHash.Of($"{Context(purpose, accountId)}:{text}").ToArray();

    private static string Context(SecretPurpose purpose, string accountId, string? binding = null) =>
        binding is null ? $"{purpose.Name}:{accountId}" : $"{purpose.Name}:{accountId}:{binding}";
}
