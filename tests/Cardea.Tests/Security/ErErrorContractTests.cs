using System.Net;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Every door of the routing table against everything that is not a request for it: the contract's problem document, and no change.</summary>
public sealed class ErErrorContractTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task Every_door_answers_a_foreign_method_with_405(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        var alice = await app.NewAdministratorAsync(); // who comes to every door
        var before = await app.DumpSettledAsync();
        var served = JsonRoute.All(app).ToLookup(route => route.Path, route => route.Method);
        // "options" is an id where an id may stand.
        bool IsAnothers(string method, string path) =>
            served.Any(other => other.Contains(method) && other.Key.Replace(new string('0', 32), path.Split('/')[^1], StringComparison.Ordinal) == path);
        foreach (var path in served)
        {
            foreach (var method in new[] { "GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "PROPFIND" }.Except(path).Where(method => !IsAnothers(method, path.Key)))
            {
                (await stranger.SendAsync(method, path.Key, null, alice.AccessToken)).ExpectProblem($"{method} {path.Key}", HttpStatusCode.MethodNotAllowed);
            }

            var overridden = await stranger.SendBytesAsync(path.Contains("GET") ? "POST" : "GET", path.Key, null, alice.AccessToken, change: request => request.Headers.Add("X-HTTP-Method-Override", path.First()));
            Assert.True(overridden.Status is HttpStatusCode.MethodNotAllowed || path.Count() > 1, $"an override header opened {path.Key}");
        }

        Assert.Equal(before, await app.DumpSettledAsync());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Every_door_refuses_a_body_that_is_not_what_it_expects_and_nothing_changes(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        var alice = await app.NewAdministratorAsync(); // who comes to every door
        var routes = JsonRoute.WithBody(app);
        Assert.True(routes.Count >= 11, "The routing table lost its bodies.");
        foreach (var route in routes)
        {
            var before = await app.DumpSettledAsync();
            foreach (var (what, body, statuses) in Wrong(route).Where(wrong => wrong.What != "an empty text" || !NeedsNoBody(route)))
            {
                (await stranger.SendAsync(route, body, alice)).ExpectProblem($"{route}, {what}", statuses);
            }

            foreach (var type in new[] { "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "application/jsonp", "application/json; charset=utf-16", "" })
            {
                (await stranger.SendAsync(route.Method, route.Path, route.Example!.ToJsonString(), route.Access is Access.Anyone or Access.Loopback ? null : alice.AccessToken, type))
                    .ExpectProblem($"{route} as {type}", HttpStatusCode.UnsupportedMediaType);
            }

            Assert.True(before == await app.DumpSettledAsync(), $"{route} changed something");
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_missing_member_is_never_our_fault_and_a_refusal_changes_no_account(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        var alice = await app.NewAdministratorAsync(); // who comes to every door
        foreach (var route in JsonRoute.WithBody(app))
        {
            foreach (var member in route.Example!.Select(pair => pair.Key).ToList())
            {
                var before = await app.DumpSettledAsync("audit_events", "attempt_counters", "allowances");
                var answer = await stranger.SendAsync(route, route.Without(member), alice);
                if ((int)answer.Status >= 300)
                {
                    answer.ExpectProblem($"{route} without {member}");
                    Assert.True(before == await app.DumpSettledAsync("audit_events", "attempt_counters", "allowances"), $"{route} without {member} changed something");
                }
            }
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task Whoever_may_not_come_in_hears_so_before_the_body_is_read(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        foreach (var route in JsonRoute.All(app).Where(route => route.Access is not (Access.Anyone or Access.Loopback)))
        {
            (await stranger.SendAsync(route.Method, route.Path, "[not json")).ExpectProblem($"{route}", HttpStatusCode.Unauthorized);
            var answer = (await stranger.SendAsync(route.Method, route.Path, "[not json", "nonsense")).ExpectProblem($"{route}", HttpStatusCode.Unauthorized);
            Assert.StartsWith("Bearer", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_path_that_leads_nowhere_is_a_problem_document_too(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        using var stranger = new Stranger(app);
        foreach (var path in new[] { "/nowhere", "/users/me/nowhere", "/%2e%2e/%2e%2e/etc/passwd", "/users//me", "/.git/config", "/sessions/x/y", "/users/me;a=b", "/" + new string('a', 5000) })
        {
            (await stranger.SendAsync("GET", path)).ExpectProblem(path);
        }

        // A NUL in the path is refused before anything of ours sees the request.
        (await stranger.SendAsync("GET", "/users/me%00")).Expect(HttpStatusCode.BadRequest);
    }

    private static bool NeedsNoBody(JsonRoute route) => route.Path is "/auth/passkey/options" || (route.Method == "PATCH" && route.Path.StartsWith("/api/admin/", StringComparison.Ordinal)) || (route.Method == "PATCH" && route.Path == "/users/me") || route.Path.EndsWith("/temporary-password", StringComparison.Ordinal) || route.Path.EndsWith("/reset-factors", StringComparison.Ordinal);

    private static IEnumerable<(string What, string Body, HttpStatusCode[] Statuses)> Wrong(JsonRoute route)
    {
        HttpStatusCode[] bad = [HttpStatusCode.BadRequest];
        var good = route.Example!.ToJsonString();
        yield return ("no JSON", "hello", bad);
        yield return ("an empty text", "", bad);
        yield return ("an array", $"[{good}]", bad);
        yield return ("an empty array", "[]", bad);
        yield return ("null", "null", bad);
        yield return ("a string", JsonSerializer.Serialize(good), bad);
        yield return ("a number", "7", bad);
        yield return ("half an object", good[..^1], bad);
        yield return ("an unknown member", route.With("nonsense", "1"), bad);
        foreach (var (member, type) in route.Members)
        {
            var isText = type != typeof(bool?);
            string[] values = type == typeof(JsonElement?) ? ["7", "true", "[]", "[\"a\"]", "1e999"] // a credential is an object
                : type == typeof(IReadOnlyList<string>) ? ["7", "true", "{}", "[1]", "{\"a\":1}", "1e999"]
                : [isText ? "7" : "\"true\"", isText ? "true" : "1", "{}", "[]", "[\"a\"]", "{\"a\":1}", "1e999"];
            foreach (var value in values)
            {
                yield return ($"{member} {value}", route.With(member, value), bad);
            }

            var long100 = "\"" + new string('a', 100_000) + "\"";
            yield return ($"{member} of 100 KB", route.With(member, long100), [HttpStatusCode.RequestEntityTooLarge]);
            var given = route.Example!.TryGetPropertyValue(member, out var shown) ? shown!.ToJsonString() : isText ? "\"a\"" : "true";
            yield return ($"{member} twice", route.With(member, $"{given},\"{member}\":{given}"), bad);
        }
    }
}
