using System.Net;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Tokens;

/// <summary>Access tokens are standard: a library of another language verifies them with nothing but the published keys, and refuses what was changed.</summary>
public sealed class IndependentVerificationTests
{
    private const string Audience = "https://api.example.org";

    [PyJwtTheory, InlineData("ES256"), InlineData("RS256"), InlineData("PS256")]
    public async Task A_foreign_library_verifies_the_token_by_the_key_set(string algorithm)
    {
        await using var app = await StartAsync(algorithm);
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();

        var (claims, refused) = await VerifyAsync(app, alice.AccessToken!, algorithm);

        Assert.Null(refused);
        Assert.Equal(alice.Id, claims!.Value.GetProperty("sub").GetString());
        Assert.Equal(alice.Email, claims.Value.GetProperty("email").GetString());
        Assert.True(claims.Value.GetProperty("email_verified").GetBoolean());
        Assert.Equal(900, claims.Value.GetProperty("exp").GetInt64() - claims.Value.GetProperty("iat").GetInt64());
        Assert.Equal("pwd", Assert.Single(claims.Value.GetProperty("amr").EnumerateArray()).GetString());
        Assert.Equal("user", Assert.Single(claims.Value.GetProperty("roles").EnumerateArray()).GetString());
        Assert.Equal(
            ["amr", "aud", "auth_time", "email", "email_verified", "exp", "iat", "iss", "jti", "roles", "sid", "sub"],
            claims.Value.EnumerateObject().Select(claim => claim.Name).Order());
    }

    [PyJwtTheory, InlineData("ES256"), InlineData("RS256"), InlineData("PS256")]
    public async Task It_refuses_a_changed_token_as_the_server_does(string algorithm)
    {
        await using var app = await StartAsync(algorithm);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var parts = alice.AccessToken!.Split('.');
        var payload = Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1]));
        var promoted = payload.Replace("\"roles\":[\"user\"]", "\"roles\":[\"admin\"]", StringComparison.Ordinal);
        Assert.NotEqual(payload, promoted);

        var forged = $"{parts[0]}.{System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(promoted))}.{parts[2]}";

        Assert.StartsWith("InvalidSignatureError", (await VerifyAsync(app, forged, algorithm)).Refused, StringComparison.Ordinal);
        alice.AccessToken = forged;
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized");
    }

    private static Task<TestApp> StartAsync(string algorithm) => TestApp.StartAsync(
        Engine.Sqlite, ("Tokens:Algorithm", algorithm), ("Tokens:Audience", Audience), ("PublicUrl", "https://login.example.org"));

    private static async Task<(System.Text.Json.JsonElement? Claims, string? Refused)> VerifyAsync(TestApp app, string token, string algorithm) =>
        await PyJwt.VerifyAsync(token, new Uri(app.Address, "/.well-known/jwks.json"), "https://login.example.org", Audience, algorithm);
}
