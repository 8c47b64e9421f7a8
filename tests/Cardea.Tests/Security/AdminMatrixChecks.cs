using System.Net;
using System.Text.Json;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Every operation of the administration × who calls it, read from the OpenAPI document: a new one is in the matrix by being there.</summary>
public sealed class AdminMatrixChecks
{
    [Theory, OnSqlite, OnPostgres]
    public async Task AD_01_Every_operation_of_the_administration_is_refused_to_whoever_may_not(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        var user = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var other = await (await app.NewActor("bob").SignUpAsync()).SignInAsync();
        (await root.PostAsync("/api/admin/roles", new { name = "counter", permissions = new[] { "stats.read" } })).Expect(HttpStatusCode.Created);
        var narrow = await (await app.NewActor("counter").SignUpAsync()).SignInAsync();
        (await root.SendAsync(HttpMethod.Put, $"/api/admin/users/{narrow.Id}/roles", new { roles = new[] { "counter" } })).Expect(HttpStatusCode.OK);
        var half = await HalfSignedInAsync(app);
        var stale = await app.NewAdministratorAsync("stale");

        var operations = Operations((await app.NewActor().GetAsync("/openapi/v1.json")).Expect(HttpStatusCode.OK).Json);
        Assert.True(operations.Count >= 19, $"Only {operations.Count} operations were found.");
        foreach (var (method, path) in operations)
        {
            var where = $"{method} {path}";
            var before = await StateAsync(app);
            Expect(where, "anonymous", await CallAsync(app.NewActor(), user.Id!), HttpStatusCode.Unauthorized, null);
            Expect(where, "half signed in", await CallAsync(half, user.Id!), HttpStatusCode.Unauthorized, null);
            Expect(where, "a user, on their own account", await CallAsync(user, user.Id!), HttpStatusCode.Forbidden, "forbidden");
            Expect(where, "another user", await CallAsync(other, user.Id!), HttpStatusCode.Forbidden, "forbidden");
            if (path != "/api/admin/stats")
            {
                Expect(where, "who may do something else", await CallAsync(narrow, user.Id!), HttpStatusCode.Forbidden, "forbidden");
            }

            Assert.True(before == await StateAsync(app), $"{where} did something for somebody who may not");
            Task<Answer> CallAsync(Actor actor, string id) => actor.SendAsync(method, path.Replace("{id}", id, StringComparison.Ordinal).Replace("{name}", "counter", StringComparison.Ordinal).Replace("{session}", user.SessionId, StringComparison.Ordinal), method == HttpMethod.Get ? null : new { });
        }

        app.Clock.Advance(TimeSpan.FromMinutes(11));
        await root.SignInAsync();
        foreach (var (method, path) in operations)
        {
            var target = await app.NewActor("target").SignUpAsync();
            var where = path.Replace("{id}", target.Id, StringComparison.Ordinal).Replace("{name}", "nobody", StringComparison.Ordinal);
            var body = method == HttpMethod.Get ? null : new { };
            var late = await stale.SendAsync(method, where, body);
            if (method == HttpMethod.Get)
            {
                Assert.True(late.Status is HttpStatusCode.OK, $"{method} {path}: {late.Body}");
            }
            else
            {
                Expect($"{method} {path}", "an administrator who signed in a while ago", late, HttpStatusCode.Forbidden, "reauthentication_required");
            }

            var done = await root.SendAsync(method, where, body);
            Assert.True(done.Status is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or >= HttpStatusCode.InternalServerError), $"{method} {path}: {(int)done.Status} {done.Body}");
        }
    }

    private static void Expect(string operation, string who, Answer answer, HttpStatusCode status, string? code) =>
        Assert.True(answer.Status == status && (code is null || answer.Code == code), $"{operation} by {who}: {(int)answer.Status} {answer.Body}");

    /// <summary>Holds what a right password gives to an administrator with a second factor, and presents it as a token.</summary>
    private static async Task<Actor> HalfSignedInAsync(TestApp app)
    {
        var actor = await app.NewAdministratorAsync("half");
        await Authenticator.SetUpAsync(app, actor);
        var half = app.NewActor().As(actor);
        half.AccessToken = (await half.TrySignInAsync()).Expect(HttpStatusCode.Forbidden, "mfa_required").Member("mfa_token");
        Assert.NotNull(half.AccessToken);
        return half;
    }

    private static List<(HttpMethod Method, string Path)> Operations(JsonElement document) => [.. document.GetProperty("paths").EnumerateObject()
        .Where(path => path.Name.StartsWith("/api/admin/", StringComparison.Ordinal))
        .SelectMany(path => path.Value.EnumerateObject().Select(operation => (new HttpMethod(operation.Name.ToUpperInvariant()), path.Name)))
        .Where(operation => operation.Item1.Method is "GET" or "POST" or "PUT" or "PATCH" or "DELETE")];

    private static Task<string> StateAsync(TestApp app) => app.Database.ScalarAsync<string>(
        """
        SELECT (SELECT COUNT(*) FROM accounts) || ' ' || (SELECT COUNT(*) FROM sessions) || ' ' || (SELECT COUNT(*) FROM account_roles) || ' ' || (SELECT COUNT(*) FROM roles) || ' '
            || (SELECT COUNT(*) FROM role_permissions) || ' ' || (SELECT COUNT(*) FROM audit_events) || ' ' || (SELECT COUNT(*) FROM accounts WHERE disabled_at IS NOT NULL)
        """);
}
