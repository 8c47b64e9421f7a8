using System.Net;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>What is true of bodies is true at every door, also at those that take none.</summary>
public sealed class BodyRuleChecks
{
    [Theory, OnSqlite]
    public async Task IN_09_A_request_without_a_body_needs_no_content_type_at_any_door(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        foreach (var route in JsonRoute.WithBody(app))
        {
            // Each with an administrator of its own: some doors end the session or the account.
            var answer = await stranger.SendAsync(route, null, await app.NewAdministratorAsync());
            Assert.True(answer.Status is not HttpStatusCode.UnsupportedMediaType && (int)answer.Status < 500, $"{route}: {(int)answer.Status} {answer.Body}");
        }

        var missing = (await stranger.SendAsync("POST", "/auth/login")).Expect(HttpStatusCode.BadRequest, "validation_failed");
        Assert.Equal("Enter the password.", missing.Json.GetProperty("errors").GetProperty("password")[0].GetString());
    }

    [Theory, OnSqlite]
    public async Task IN_09_A_door_that_takes_nothing_takes_no_body_but_an_empty_object(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        var routes = JsonRoute.All(app).Where(route => route.Example is null && route.Method != "GET").ToList();
        Assert.True(routes.Count >= 15, $"Only {routes.Count} doors were found.");
        var alice = await app.NewAdministratorAsync(); // who comes to every door
        var before = await app.DumpSettledAsync();
        foreach (var route in routes)
        {
            foreach (var type in new[] { "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x" })
            {
                (await stranger.SendAsync(route.Method, route.Path, "{}", alice.AccessToken, type)).ExpectProblem($"{route} as {type}", HttpStatusCode.UnsupportedMediaType);
            }

            (await stranger.SendAsync(route.Method, route.Path, """{"x":1}""", alice.AccessToken)).Expect(HttpStatusCode.BadRequest, "validation_failed");
            (await stranger.SendAsync(route.Method, route.Path, "[]", alice.AccessToken)).ExpectProblem($"{route}: an array", HttpStatusCode.BadRequest);
            (await stranger.SendBytesAsync(route.Method, route.Path, Encoding.UTF8.GetBytes($"{{\"x\":\"{new string('a', 70_000)}\"}}"), alice.AccessToken))
                .ExpectProblem($"{route}: too much", HttpStatusCode.RequestEntityTooLarge);
        }

        Assert.Equal(before, await app.DumpSettledAsync());
        foreach (var (body, type) in new[] { ("{}", "application/json"), ("", "application/json"), ("", "application/x-www-form-urlencoded") })
        {
            var bob = await (await app.NewActor("bob").SignUpAsync()).SignInAsync();
            (await stranger.SendAsync("POST", "/auth/logout", body, bob.AccessToken, type)).Expect(HttpStatusCode.OK);
        }
    }

    /// <summary>What is asked by HEAD is answered as a GET is, without the body (RFC 9110 section 9.3.2).</summary>
    [Theory, OnSqlite]
    public async Task Every_GET_of_the_JSON_API_has_its_HEAD(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        var alice = await app.NewAdministratorAsync();
        foreach (var route in JsonRoute.All(app).Where(route => route.Method == "GET" && !route.Path.StartsWith("/openapi/", StringComparison.Ordinal)))
        {
            var whole = await stranger.SendAsync("GET", route.Path, token: alice.AccessToken);
            var head = await stranger.SendAsync("HEAD", route.Path, token: alice.AccessToken);
            Assert.True((whole.Status, "") == (head.Status, head.Body), $"{route}: {(int)whole.Status}, {(int)head.Status} {head.Body}");
            Assert.Equal(whole.Header("Content-Type"), head.Header("Content-Type"));
        }

        (await stranger.SendAsync("HEAD", "/users/me")).Expect(HttpStatusCode.Unauthorized);
    }

    [Theory, OnSqlite]
    public async Task The_root_answers_JSON_unless_HTML_is_preferred(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        foreach (var (accept, isBrowser) in new[]
        {
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true), ("text/html", true), ("text/html, application/json;q=0.9", true),
            ("text/html, application/json", false), ("application/json, text/html;q=0.9", false), ("text/html;q=0, */*", false), ("*/*", false), ("nonsense", false),
        })
        {
            var answer = await app.NewActor().SendAsync(HttpMethod.Get, "/", change: request => request.Headers.TryAddWithoutValidation("Accept", accept));
            Assert.True(isBrowser ? answer.Header("Location") == "/login" : answer.Status is HttpStatusCode.OK, $"{accept}: {(int)answer.Status}");
        }
    }
}
