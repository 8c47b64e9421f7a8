using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Stories;

/// <summary>The journey of "SecureAuth": a script of the same origin that keeps the access token and sends it as bearer.</summary>
public sealed class SecureAuthStory
{
    private const string SamplePassword = "password123";

    [Theory, OnSqlite, OnPostgres]
    public async Task A_script_of_the_same_origin_signs_up_signs_in_and_asks_who_it_is(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Passwords:RefuseCommon", "false"));
        var browser = new Browser(app);

        var health = (await browser.SendAsync(HttpMethod.Get, "/health")).Expect(HttpStatusCode.OK);
        Assert.Equal("ok", health.Member("status"));
        var created = (await browser.SendAsync(HttpMethod.Post, "/users", new { email = browser.Actor.Email, password = SamplePassword })).Expect(HttpStatusCode.Created);
        Assert.Equal(browser.Actor.Email, created.Json.GetProperty("user").GetProperty("email").GetString());

        var signedIn = (await browser.SendAsync(HttpMethod.Post, "/auth/login", new { email = browser.Actor.Email, password = SamplePassword })).Expect(HttpStatusCode.OK);
        Assert.Equal(("bearer", 900), (signedIn.Member("token_type"), signedIn.Json.GetProperty("expires_in").GetInt32()));
        browser.Actor.AccessToken = signedIn.Member("access_token");

        var me = (await browser.SendAsync(HttpMethod.Get, "/users/me")).Expect(HttpStatusCode.OK);
        Assert.Equal(browser.Actor.Email, me.Member("email"));
        Assert.Equal(
            ["created_at", "email", "family_name", "given_name", "id", "is_verified", "last_login_at", "roles", "username"],
            me.Json.EnumerateObject().Select(member => member.Name).Order());
        Assert.EndsWith("Z", me.Member("created_at"), StringComparison.Ordinal);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Every_refusal_has_its_status_and_a_sentence_to_show(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Passwords:RefuseCommon", "false"));
        var browser = new Browser(app);
        var account = new { email = browser.Actor.Email, password = SamplePassword };
        (await browser.SendAsync(HttpMethod.Post, "/users", account)).Expect(HttpStatusCode.Created);

        Answer[] refusals =
        [
            (await browser.SendAsync(HttpMethod.Post, "/users", account)).Expect(HttpStatusCode.Conflict, "email_taken"),
            (await browser.SendAsync(HttpMethod.Post, "/users", new { email = "not an address", password = SamplePassword })).Expect(HttpStatusCode.BadRequest, "validation_failed"),
            (await browser.SendAsync(HttpMethod.Post, "/users", new { email = "b@example.org", password = "1234567" })).Expect(HttpStatusCode.BadRequest, "validation_failed"),
            (await browser.SendAsync(HttpMethod.Post, "/users", "{")).Expect(HttpStatusCode.BadRequest, "malformed_request"),
            (await browser.SendAsync(HttpMethod.Post, "/auth/login", account with { password = "password124" })).Expect(HttpStatusCode.Unauthorized, "invalid_credentials"),
            (await browser.SendAsync(HttpMethod.Post, "/auth/login", account with { email = "nobody@example.org" })).Expect(HttpStatusCode.Unauthorized, "invalid_credentials"),
            (await browser.SendAsync(HttpMethod.Get, "/users/me")).Expect(HttpStatusCode.Unauthorized, "unauthorized"),
            (await browser.SendAsync(HttpMethod.Get, "/no/such/route")).Expect(HttpStatusCode.NotFound, "not_found"),
        ];

        Assert.All(refusals, refusal => Assert.Matches(@"^[A-Z].+[.]$", refusal.Member("error")!));
        Assert.Equal(refusals[4].Member("error"), refusals[5].Member("error"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task The_sample_password_needs_RefuseCommon_off(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var browser = new Browser(app);

        var refused = (await browser.SendAsync(HttpMethod.Post, "/users", new { email = browser.Actor.Email, password = SamplePassword })).Expect(HttpStatusCode.BadRequest, "validation_failed");

        Assert.Equal("password", Assert.Single(refused.Json.GetProperty("errors").EnumerateObject()).Name);
    }

    /// <summary>Sends what a browser adds to a script's request to its own origin.</summary>
    private sealed class Browser(TestApp app)
    {
        public Actor Actor { get; } = app.NewActor("browser");

        public Task<Answer> SendAsync(HttpMethod method, string path, object? body = null) => Actor.SendAsync(method, path, body, change: request =>
        {
            var origin = app.Address.GetLeftPart(UriPartial.Authority);
            if (method != HttpMethod.Get)
            {
                request.Headers.TryAddWithoutValidation("Origin", origin);
            }

            request.Headers.TryAddWithoutValidation("Referer", origin + "/login");
            request.Headers.TryAddWithoutValidation("Accept", "*/*");
            request.Headers.TryAddWithoutValidation("Sec-Fetch-Site", "same-origin");
            request.Headers.TryAddWithoutValidation("Sec-Fetch-Mode", "cors");
            request.Headers.TryAddWithoutValidation("Sec-Fetch-Dest", "empty");
        });
    }
}
