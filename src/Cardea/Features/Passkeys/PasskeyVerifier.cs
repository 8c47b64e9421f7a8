using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Cardea.Crypto.Text;
using Cardea.Features.Shared;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Cardea.Features.Passkeys;

/// <summary>What a registration gave.</summary>
public sealed record NewCredential(byte[] CredentialId, byte[] PublicKey, uint SignCount, bool IsUserVerified, bool IsBackupEligible, bool IsBackedUp);

/// <summary>What an assertion that was found true says, or why it was not.</summary>
public abstract record AssertionVerdict
{
    private AssertionVerdict()
    {
    }

    public sealed record Accepted(uint SignCount, bool IsUserVerified, bool IsBackedUp) : AssertionVerdict;

    /// <param name="IsCopied">Everything is right but the counter, which went back: two authenticators hold the same key.</param>
    public sealed record Refused(bool IsCopied) : AssertionVerdict;
}

/// <summary>
/// WebAuthn by the framework's own verifier (WebAuthn L3 sections 7.1 and 7.2), and the only file that knows the framework's types. It is given the
/// account and the key that we found, and asks us for nothing else. What it leaves to us is done here and by whoever calls: the exact origin, the
/// key's form, and (challenges, uniqueness, what is stored) elsewhere.
/// </summary>
public sealed class PasskeyVerifier(PublicUrl publicUrl, Branding branding)
{
    private const int FlagsAt = 32;
    private const int CounterAt = 33;
    private const byte UserVerified = 0x04;

    public async Task<string> CreationOptionsAsync(byte[] challenge, string handle, string name, IEnumerable<Passkey> existing)
    {
        var made = await Handler(handle, existing, mustVerify: false).MakeCreationOptionsAsync(new() { Id = handle, Name = name, DisplayName = name }, new DefaultHttpContext());
        var options = JsonNode.Parse(made.CreationOptionsJson)!;
        options["challenge"] = Base64UrlText.Encode(challenge);
        options["rp"]!["name"] = branding.Name;
        return options.ToJsonString();
    }

    /// <param name="allowed">The keys that may answer; null for any that its owner picks.</param>
    public async Task<string> RequestOptionsAsync(byte[] challenge, IReadOnlyList<Passkey>? allowed, bool mustVerify)
    {
        var made = await Handler("-", allowed ?? [], mustVerify).MakeRequestOptionsAsync(allowed is null ? null : new Holder("-"), new DefaultHttpContext());
        var options = JsonNode.Parse(made.RequestOptionsJson)!;
        options["challenge"] = Base64UrlText.Encode(challenge);
        options["allowCredentials"] ??= new JsonArray();
        return options.ToJsonString();
    }

    /// <summary>What a browser tells the keeper of an account's passkeys (WebAuthn L3 section 5.1.10): which are still good, and what their owner is called.</summary>
    public string Signal(string handle, string name, IEnumerable<Passkey> accepted) => new JsonObject
    {
        ["rpId"] = publicUrl.Value.Host,
        ["userId"] = Base64UrlText.Encode(Encoding.UTF8.GetBytes(handle)),
        ["allAcceptedCredentialIds"] = new JsonArray([.. accepted.Select(passkey => JsonValue.Create(Base64UrlText.Encode(passkey.CredentialId)))]),
        ["name"] = name,
        ["displayName"] = name,
    }.ToJsonString();

    /// <returns>Null when it is refused. Whether the credential is new is decided where it is stored.</returns>
    public async Task<NewCredential?> VerifyNewAsync(PasskeyCredential credential, byte[] challenge, string handle)
    {
        var handler = Handler(handle, [], mustVerify: false);
        var made = await handler.MakeCreationOptionsAsync(new() { Id = handle, Name = "-", DisplayName = "-" }, new DefaultHttpContext());
        var result = await handler.PerformAttestationAsync(new()
        {
            CredentialJson = credential.ToJson(),
            AttestationState = WithChallenge(made.AttestationState!, made.CreationOptionsJson, challenge),
            HttpContext = new DefaultHttpContext(),
        });
        return result is { Succeeded: true, Passkey: var passkey } && CoseKey.IsSound(passkey.PublicKey)
            ? new(passkey.CredentialId, passkey.PublicKey, passkey.SignCount, passkey.IsUserVerified, passkey.IsBackupEligible, passkey.IsBackedUp)
            : null;
    }

    /// <param name="credential">What was given.</param>
    /// <param name="challenge">The one that it must answer.</param>
    /// <param name="stored">The key that has its id.</param>
    /// <param name="handle">The user handle of the account that has the key.</param>
    /// <param name="isIdentified">Whose key it must be was known before; else the authenticator itself must say whose it is.</param>
    /// <param name="mustVerify">The authenticator must have verified its owner.</param>
    public async Task<AssertionVerdict> VerifyAsync(PasskeyCredential credential, byte[] challenge, Passkey stored, string handle, bool isIdentified, bool mustVerify)
    {
        if (await PerformAsync(stored.SignCount))
        {
            var data = credential.AuthenticatorData;
            return new AssertionVerdict.Accepted(CounterOf(data), (data[FlagsAt] & UserVerified) != 0, (data[FlagsAt] & 0x10) != 0);
        }

        // The verifier looks at the counter last. Whether it was that alone is asked without it: nothing is accepted by the answer.
        var wentBack = credential.AuthenticatorData is { Length: > CounterAt + sizeof(uint) - 1 } given && CounterOf(given) <= stored.SignCount && stored.SignCount > 0;
        return new AssertionVerdict.Refused(wentBack && await PerformAsync(0));

        async Task<bool> PerformAsync(long signCount)
        {
            var handler = Handler(handle, [stored], mustVerify, (uint)signCount);
            var made = await handler.MakeRequestOptionsAsync(isIdentified ? new Holder(handle) : null, new DefaultHttpContext());
            var result = await handler.PerformAssertionAsync(new()
            {
                CredentialJson = credential.ToJson(),
                AssertionState = WithChallenge(made.AssertionState!, made.RequestOptionsJson, challenge),
                HttpContext = new DefaultHttpContext(),
            });
            return result is { Succeeded: true, User.Handle: var user, Passkey: var passkey } && user == handle && passkey.CredentialId.AsSpan().SequenceEqual(stored.CredentialId);
        }
    }

    private static uint CounterOf(byte[] authenticatorData) => BinaryPrimitives.ReadUInt32BigEndian(authenticatorData.AsSpan(CounterAt));

    /// <summary>The framework's state is its own affair but for the challenge in it, which it made itself: ours takes its place, wherever it stands.</summary>
    private static string WithChallenge(string state, string optionsJson, byte[] challenge)
    {
        Base64UrlText.TryDecode(JsonNode.Parse(optionsJson)!["challenge"]!.GetValue<string>(), out var made);
        var members = JsonNode.Parse(state)!.AsObject();
        foreach (Func<byte[], string> spell in (Func<byte[], string>[])[Convert.ToBase64String, bytes => Base64UrlText.Encode(bytes)])
        {
            if (members.FirstOrDefault(member => member.Value is JsonValue value && value.TryGetValue<string>(out var text) && text == spell(made!)).Key is { } name)
            {
                members[name] = spell(challenge);
                return members.ToJsonString();
            }
        }

        throw new InvalidOperationException("The framework keeps the challenge of a passkey in a form that is not known.");
    }

    private PasskeyHandler<Holder> Handler(string handle, IEnumerable<Passkey> passkeys, bool mustVerify, uint? signCount = null)
    {
        var store = new Known(handle, [.. passkeys.Select(passkey => new UserPasskeyInfo(
            passkey.CredentialId, passkey.PublicKey, DateTimeOffset.UnixEpoch, signCount ?? (uint)passkey.SignCount, passkey.Transports.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            passkey.IsUserVerified, passkey.IsBackupEligible, passkey.IsBackedUp, [], []))]);
        var users = new UserManager<Holder>(store, null!, null!, [], [], null!, null!, null!, NullLogger<UserManager<Holder>>.Instance);
        return new(users, Options.Create(new IdentityPasskeyOptions
        {
            ServerDomain = publicUrl.Value.Host,
            UserVerificationRequirement = mustVerify ? "required" : "preferred",
            ResidentKeyRequirement = "required", // so that each of them can sign in where nobody has typed a name
            AttestationConveyancePreference = "none",
            AuthenticatorTimeout = PasskeyChallenges.Lifetime,
            ValidateOrigin = context => ValueTask.FromResult(context is { CrossOrigin: false, TopOrigin: null } && context.Origin == publicUrl.Text),
        }));
    }

    private sealed record Holder(string Handle);

    /// <summary>All that the verifier may know: one account and its keys. It looks things up in it and changes nothing.</summary>
    private sealed class Known(string handle, UserPasskeyInfo[] passkeys) : IUserPasskeyStore<Holder>
    {
        public Task<Holder?> FindByIdAsync(string userId, CancellationToken cancellationToken) => Task.FromResult(userId == handle ? new Holder(handle) : null);

        public Task<string> GetUserIdAsync(Holder user, CancellationToken cancellationToken) => Task.FromResult(user.Handle);

        public Task<IList<UserPasskeyInfo>> GetPasskeysAsync(Holder user, CancellationToken cancellationToken) => Task.FromResult<IList<UserPasskeyInfo>>(passkeys);

        public Task<Holder?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) => Task.FromResult(Find(credentialId) is null ? null : new Holder(handle));

        public Task<UserPasskeyInfo?> FindPasskeyAsync(Holder user, byte[] credentialId, CancellationToken cancellationToken) => Task.FromResult(Find(credentialId));

        public Task<Holder?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) => throw Unasked();

        public Task<string?> GetUserNameAsync(Holder user, CancellationToken cancellationToken) => throw Unasked();

        public Task SetUserNameAsync(Holder user, string? userName, CancellationToken cancellationToken) => throw Unasked();

        public Task<string?> GetNormalizedUserNameAsync(Holder user, CancellationToken cancellationToken) => throw Unasked();

        public Task SetNormalizedUserNameAsync(Holder user, string? normalizedName, CancellationToken cancellationToken) => throw Unasked();

        public Task<IdentityResult> CreateAsync(Holder user, CancellationToken cancellationToken) => throw Unasked();

        public Task<IdentityResult> UpdateAsync(Holder user, CancellationToken cancellationToken) => throw Unasked();

        public Task<IdentityResult> DeleteAsync(Holder user, CancellationToken cancellationToken) => throw Unasked();

        public Task AddOrUpdatePasskeyAsync(Holder user, UserPasskeyInfo passkey, CancellationToken cancellationToken) => throw Unasked();

        public Task RemovePasskeyAsync(Holder user, byte[] credentialId, CancellationToken cancellationToken) => throw Unasked();

        public void Dispose()
        {
        }

        private static NotSupportedException Unasked() => new("A verifier only looks.");

        private UserPasskeyInfo? Find(byte[] credentialId) => Array.Find(passkeys, passkey => passkey.CredentialId.AsSpan().SequenceEqual(credentialId));
    }
}
