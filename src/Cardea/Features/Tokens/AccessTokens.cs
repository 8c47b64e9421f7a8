using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Cardea.Crypto.Jose;
using Cardea.Crypto.Secrets;
using Cardea.Crypto.Text;
using Cardea.Features.Accounts;
using Cardea.Features.Sessions;
using Cardea.Features.SigningKeys;
using Cardea.Foundation.Web;

namespace Cardea.Features.Tokens;

/// <summary>What a verified access token says. Whether its session still lives is another question.</summary>
public sealed record AccessTokenClaims(string AccountId, string SessionId, long ExpiresAtSeconds);

/// <summary>
/// Access tokens: JWTs as RFC 9068 describes them. Checked as strictly as they are made: our algorithm, our key, our issuer, our audience, the
/// type <c>at+jwt</c>, not expired. A token that was found good is remembered by its hash, so that the next request costs no signature.
/// </summary>
public sealed class AccessTokens(SigningKeyRing ring, TokensOptions options, PublicUrl publicUrl, TimeProvider clock)
{
    public const string Type = "at+jwt";
    private const int LongestToken = 8192;
    private const int Remembered = 50_000;

    private readonly ConcurrentDictionary<TokenHash, Verified> _verified = new();

    private string Audience => options.Audience ?? publicUrl.Text;

    public async ValueTask<string> IssueAsync(AccountSnapshot account, Session session)
    {
        var key = await ring.CurrentAsync();
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var buffer = new ArrayBufferWriter<byte>(768);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("iss"u8, publicUrl.Text);
            json.WriteString("sub"u8, account.Id);
            json.WriteString("aud"u8, Audience);
            json.WriteNumber("exp"u8, ExpiresAt(session, now));
            json.WriteNumber("iat"u8, now);
            json.WriteString("jti"u8, Base64UrlText.Encode(RandomNumberGenerator.GetBytes(16)));
            json.WriteString("sid"u8, session.Id);
            json.WriteNumber("auth_time"u8, session.AuthenticatedAt / 1000);
            WriteList(json, "amr"u8, session.AmrWords);
            json.WriteString("email"u8, account.Account.Email);
            json.WriteBoolean("email_verified"u8, account.Account.IsVerified);
            WriteList(json, "roles"u8, account.Roles);
            if (session.ActorId is not null)
            {
                // RFC 8693 section 4.1: who acts, beside whom it is about. Whoever reads tokens can refuse one like it.
                json.WriteStartObject("act"u8);
                json.WriteString("sub"u8, session.ActorId);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return key.SignCompact(Type, buffer.WrittenSpan);
    }

    /// <summary>For how many seconds a token of this session lives: never longer than a viewing does, which nothing prolongs.</summary>
    public int LifetimeSeconds(Session session)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        return (int)(ExpiresAt(session, now) - now);
    }

    private long ExpiresAt(Session session, long now)
    {
        var usual = now + (long)options.AccessTokenLifetime.TotalSeconds;
        return session.IsViewing ? Math.Min(usual, session.ExpiresAt / 1000) : usual;
    }

    public async ValueTask<AccessTokenClaims?> VerifyAsync(string token)
    {
        if (token.Length > LongestToken)
        {
            return null;
        }

        var hash = TokenHash.Of(MemoryMarshal.AsBytes(token.AsSpan()));
        var verifier = await ring.VerifierAsync();
        // What was found good under another set of keys is looked at again: a key may have been taken away.
        if (!_verified.TryGetValue(hash, out var known) || known.By != verifier)
        {
            if (!verifier.TryVerify(token, Type, out var payload, out _) || Read(payload) is not { } claims)
            {
                return null;
            }

            known = new(claims, verifier);
            if (_verified.Count >= Remembered)
            {
                _verified.Clear();
            }

            _verified[hash] = known;
        }

        if (clock.GetUtcNow().ToUnixTimeSeconds() < known.Claims.ExpiresAtSeconds)
        {
            return known.Claims;
        }

        _verified.TryRemove(hash, out _);
        return null;
    }

    private AccessTokenClaims? Read(byte[] payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload);
            var claims = document.RootElement;
            return claims.GetProperty("iss").GetString() == publicUrl.Text
                && claims.GetProperty("aud").GetString() == Audience
                && claims.GetProperty("sub").GetString() is { } subject
                && claims.GetProperty("sid").GetString() is { } session
                && claims.GetProperty("exp").TryGetInt64(out var expires)
                && (!claims.TryGetProperty("nbf", out var notBefore) || (notBefore.TryGetInt64(out var from) && from <= clock.GetUtcNow().ToUnixTimeSeconds())) // RFC 7519 section 4.1.5
                    ? new(subject, session, expires)
                    : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null; // signed by us, and yet not an access token of ours
        }
    }

    private static void WriteList(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private sealed record Verified(AccessTokenClaims Claims, JwsVerifier By);
}
