using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

public sealed class CsCorsTests
{
    private const string Allowed = "https://app.example.org";

    [Theory, OnSqlite]
    public async Task CS_03_Only_the_origins_of_the_settings_are_told_and_never_with_credentials(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Cors:AllowedOrigins:0", Allowed), ("Cors:AllowedOrigins:1", "http://localhost:5173"));
        var origins = new (string Origin, bool IsAllowed)[]
        {
            (Allowed, true), ("http://localhost:5173", true), ("null", false), ("*", false), ("http://app.example.org", false), ("https://app.example.org:8443", false),
            ("https://app.example.org.evil.example", false), ("https://evilapp.example.org", false), ("https://sub.app.example.org", false),
            ("https://app.example.org/", false), ("HTTPS://APP.EXAMPLE.ORG", false), ("https://evil.example", false), ("http://localhost", false),
            (app.Address.GetLeftPart(UriPartial.Authority), false),
        };
        var alice = await app.NewActor().SignUpAsync();
        await alice.SignInAsync();
        foreach (var (origin, isAllowed) in origins)
        {
            var plain = await alice.SendAsync(HttpMethod.Get, "/users/me", change: request => request.Headers.TryAddWithoutValidation("Origin", origin));
            var preflight = await alice.SendAsync(HttpMethod.Options, "/users/me", withToken: false, change: request =>
            {
                request.Headers.TryAddWithoutValidation("Origin", origin);
                request.Headers.TryAddWithoutValidation("Access-Control-Request-Method", "PATCH");
                request.Headers.TryAddWithoutValidation("Access-Control-Request-Headers", "authorization,content-type");
            });
            plain.Expect(HttpStatusCode.OK);
            foreach (var answer in new[] { plain, preflight })
            {
                Assert.True(answer.Header("Access-Control-Allow-Origin") == (isAllowed ? origin : null), $"{origin}: {answer.Header("Access-Control-Allow-Origin")}");
                Assert.Null(answer.Header("Access-Control-Allow-Credentials"));
                Assert.Contains("Origin", answer.Header("Vary"), StringComparison.Ordinal);
            }

            Assert.Equal(isAllowed ? HttpStatusCode.NoContent : HttpStatusCode.MethodNotAllowed, preflight.Status);
            Assert.Equal(isAllowed, preflight.Header("Access-Control-Allow-Headers")?.Contains("Authorization", StringComparison.Ordinal) is true);
        }
    }

    [Theory, OnSqlite]
    public async Task CS_03_Two_origins_in_one_request_are_none(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Cors:AllowedOrigins", Allowed));
        var answer = await app.NewActor().SendAsync(HttpMethod.Get, "/health", change: request => request.Headers.TryAddWithoutValidation("Origin", [Allowed, "https://evil.example"]));
        Assert.Null(answer.Header("Access-Control-Allow-Origin"));
    }

    [Theory, OnSqlite]
    public async Task CS_03_Without_a_setting_no_origin_is_told_anything_but_the_public_keys(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        foreach (var path in new[] { "/health", "/auth/login", "/users/me", "/openapi/v1.json" })
        {
            var answer = await app.NewActor().SendAsync(HttpMethod.Get, path, change: request => request.Headers.TryAddWithoutValidation("Origin", Allowed));
            Assert.Null(answer.Header("Access-Control-Allow-Origin"));
            Assert.Equal("same-origin", answer.Header("Cross-Origin-Resource-Policy"));
        }

        var keys = await app.NewActor().SendAsync(HttpMethod.Get, "/.well-known/jwks.json", change: request => request.Headers.TryAddWithoutValidation("Origin", Allowed));
        Assert.Equal("*", keys.Header("Access-Control-Allow-Origin"));
        Assert.Null(keys.Header("Access-Control-Allow-Credentials"));
    }

    [Theory, OnSqlite("*"), OnSqlite("null"), OnSqlite("https://app.example.org/path"), OnSqlite("https://*.example.org"), OnSqlite("app.example.org")]
    public async Task CS_03_A_setting_that_would_open_more_than_one_origin_is_a_start_fault(Engine engine, string origin)
    {
        var fault = await Assert.ThrowsAsync<Cardea.Foundation.Settings.SettingsException>(() => TestApp.StartAsync(engine, ("Cors:AllowedOrigins:0", origin)));
        Assert.Contains("Cardea:Cors:AllowedOrigins", fault.Message, StringComparison.Ordinal);
    }
}
