using System.Net;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Security;

/// <summary>Whoever views an account looks and changes nothing: every route and every form there is, found where they are mapped.</summary>
public sealed class ImpersonationChecks
{
    public static readonly string[] Routes = ["/api/admin/users/{id}/impersonate"];

    public static readonly string[] Pages = ["/admin/users/{id}/view-as"];

    private static readonly (string, string) On = ("Admin:Impersonation", "true");

    /// <summary>What takes something and changes nothing of the account.</summary>
    private static readonly string[] Open = ["/auth/logout", "/logout", "/stop-viewing", "/language"];

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_04_By_the_token_of_a_viewing_no_operation_changes_anything(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, On);
        var root = await app.NewAdministratorAsync();
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var viewer = await ViewAsync(app, root, alice);
        var documented = (await viewer.GetAsync("/openapi/v1.json")).Expect(HttpStatusCode.OK).Json.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => (
            Name: $"{operation.Name.ToUpperInvariant()} {path.Name.Replace("{id}", new string('0', 32), StringComparison.Ordinal).Replace("{name}", "nothing", StringComparison.Ordinal)}",
            IsShut: operation.Value.GetProperty("responses").TryGetProperty("403", out var refusals) && refusals.GetProperty("description").GetString()!.Contains("`viewing_only`", StringComparison.Ordinal))))
            .ToDictionary(operation => operation.Name, operation => operation.IsShut);
        var routes = JsonRoute.All(app).Where(route => !Open.Contains(route.Path)).ToList();
        Assert.True(documented.Count > 60 && routes.Count >= documented.Count - 1, $"{documented.Count} operations, {routes.Count} routes");

        var before = await app.DumpSettledAsync();
        foreach (var route in routes)
        {
            foreach (var id in new[] { alice.SessionId, root.Id!, alice.Id! })
            {
                var answer = await viewer.SendAsync(new HttpMethod(route.Method), route.Path.Replace(new string('0', 32), id, StringComparison.Ordinal), route.Example?.ToJsonString());
                var expected = route.Method is not ("GET" or "HEAD") || route.Path == "/users/me/export" ? "viewing_only" : route.Access is Access.Administrator ? "forbidden" : null;
                Assert.True(!documented.TryGetValue(route.ToString(), out var isShut) || isShut == (answer.Code == "viewing_only"), $"{route}: the document {(isShut ? "tells" : "does not tell")} of viewing_only, and the answer was {answer.Body}");
                Assert.True(expected is null ? (int)answer.Status < 500 : answer.Status is HttpStatusCode.Forbidden && answer.Code == expected, $"{route}: {(int)answer.Status} {answer.Body}");
                if (!route.Path.Contains(new string('0', 32), StringComparison.Ordinal))
                {
                    break;
                }
            }
        }

        Assert.All(documented.Where(operation => operation.Key is "POST /auth/logout"), operation => Assert.False(operation.Value));
        Assert.Equal(before, await app.DumpSettledAsync());
        Assert.Equal(alice.Id, (await viewer.GetAsync("/users/me")).Expect(HttpStatusCode.OK).Member("id"));
        (await viewer.PostAsync("/auth/logout")).Expect(HttpStatusCode.OK);
        (await viewer.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized);
        (await root.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_04_In_a_viewing_browser_no_form_changes_anything_and_every_page_says_so(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, On);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var browser = await ViewInBrowserAsync(app, await app.NewAdministratorAsync(), alice);
        var endpoints = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(route => route.Metadata.OfType<PageAccess>().Any()).ToList();
        var before = await app.DumpSettledAsync();
        var token = await browser.TokenAsync();
        foreach (var form in Paths("POST").Except(Open))
        {
            var page = await browser.PostAsync(form, token, [("id", alice.SessionId), ("login", alice.Email), ("email", "new@example.org"), ("password", alice.Password), ("current_password", alice.Password)]);
            Assert.True(page.Status is HttpStatusCode.Forbidden, $"{form}: {(int)page.Status} {page.Html}");
            Assert.Contains("it can be looked at, and nothing of it can be changed", page.Html, StringComparison.Ordinal);
            Assert.Contains("<aside class=\"viewing\"", page.Html, StringComparison.Ordinal);
            Assert.Empty(page.SetCookies);
        }

        foreach (var path in Paths("GET"))
        {
            var page = await browser.GetAsync(path);
            Assert.True((int)page.Status < 500, $"{path}: {page.Html}");
            Assert.True(!path.StartsWith("/admin", StringComparison.Ordinal) || page.Status is HttpStatusCode.Forbidden, $"{path}: {(int)page.Status}");
            Assert.True((int)page.Status is >= 300 and < 400 || page.Answer.Header("Content-Type")!.StartsWith("application/json", StringComparison.Ordinal)
                || page.Html.Contains("<aside class=\"viewing\"", StringComparison.Ordinal), $"{path}: {page.Html}");
        }

        Assert.Equal(before, await app.DumpSettledAsync());
        (await browser.GetAsync("/account/security/authenticator")).Expect(HttpStatusCode.Forbidden); // no way to confirm in somebody else's name
        Assert.Contains(alice.Email, (await browser.GetAsync("/dashboard")).Expect(HttpStatusCode.OK).Html, StringComparison.Ordinal);

        IEnumerable<string> Paths(string method) => endpoints.Where(route => route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains(method))
            .Select(route => route.RoutePattern.RawText!.Replace("{id}", alice.Id, StringComparison.Ordinal).Replace("{name}", "admin", StringComparison.Ordinal));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_04_A_viewing_is_off_unless_switched_on_and_begun_only_by_who_may_of_whom_one_may(Engine engine)
    {
        await using (var off = await TestApp.StartAsync(engine))
        {
            var admin = await off.NewAdministratorAsync();
            var bob = await off.NewActor("bob").SignUpAsync();
            (await TryAsync(admin, bob)).Expect(HttpStatusCode.Conflict, "impersonation_off");
            var page = await new PageActor(off).SignInAsync(admin);
            Assert.DoesNotContain("view-as", (await page.GetAsync("/admin/users/" + bob.Id)).Expect(HttpStatusCode.OK).Html, StringComparison.Ordinal);
            (await page.PostAsync($"/admin/users/{bob.Id}/view-as")).Expect(HttpStatusCode.Conflict);
        }

        await using var app = await TestApp.StartAsync(engine, On);
        var (root, other, alice) = (await app.NewAdministratorAsync(), await app.NewAdministratorAsync("other"), await (await app.NewActor("alice").SignUpAsync()).SignInAsync());
        (await root.PostAsync("/api/admin/roles", new { name = "keeper", permissions = new[] { "accounts.read", "accounts.write" } })).Expect(HttpStatusCode.Created);
        (await root.PostAsync("/api/admin/roles", new { name = "viewer", permissions = new[] { "accounts.impersonate" } })).Expect(HttpStatusCode.Created);
        (await root.PostAsync("/api/admin/roles", new { name = "customer", permissions = Array.Empty<string>() })).Expect(HttpStatusCode.Created);
        var (keeper, lens) = (await WithRoleAsync("keeper"), await WithRoleAsync("viewer"));

        (await TryAsync(alice, alice)).Expect(HttpStatusCode.Forbidden, "forbidden");
        (await TryAsync(keeper, alice)).Expect(HttpStatusCode.Forbidden, "forbidden");
        (await TryAsync(root, other)).Expect(HttpStatusCode.Forbidden, "impersonation_refused");
        (await TryAsync(root, root)).Expect(HttpStatusCode.Forbidden, "impersonation_refused");
        (await TryAsync(root, keeper)).Expect(HttpStatusCode.Forbidden, "impersonation_refused"); // who may do anything here, though less
        (await TryAsync(lens, root)).Expect(HttpStatusCode.Forbidden, "forbidden");
        (await root.PostAsync($"/api/admin/users/{new string('0', 32)}/impersonate")).Expect(HttpStatusCode.NotFound);
        (await root.SendAsync(HttpMethod.Put, $"/api/admin/users/{alice.Id}/roles", new { roles = new[] { "customer" } })).Expect(HttpStatusCode.OK);
        var viewer = await ViewAsync(app, lens, alice);
        (await TryAsync(viewer, keeper)).Expect(HttpStatusCode.Forbidden, "viewing_only"); // never one inside another

        app.Clock.Advance(TimeSpan.FromMinutes(11));
        (await TryAsync(root, alice)).Expect(HttpStatusCode.Forbidden, "reauthentication_required");
        await root.SignInAsync();
        await Authenticator.SetUpAsync(app, root);
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        (await root.PostAsync("/auth/reauthenticate", new { password = root.Password })).Expect(HttpStatusCode.OK);
        (await TryAsync(root, alice)).Expect(HttpStatusCode.Forbidden, "reauthentication_required"); // the password alone, where a factor is set up

        async Task<Actor> WithRoleAsync(string role)
        {
            var actor = await (await app.NewActor(role).SignUpAsync()).SignInAsync();
            (await root.SendAsync(HttpMethod.Put, $"/api/admin/users/{actor.Id}/roles", new { roles = new[] { role } })).Expect(HttpStatusCode.OK);
            return actor;
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task AD_04_The_token_says_who_acts_and_is_short_and_never_a_recent_sign_in(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, On, ("Tokens:AccessTokenMinutes", "1440"));
        var (root, alice) = (await app.NewAdministratorAsync(), await app.NewActor("alice").SignUpAsync());
        var answer = (await TryAsync(root, alice)).Expect(HttpStatusCode.OK);
        Assert.Equal(["access_token", "expires_in", "token_type", "user"], answer.Json.EnumerateObject().Select(member => member.Name).Order());
        Assert.InRange(answer.Json.GetProperty("expires_in").GetInt32(), 1795, 1800);
        var claims = Actor.Claims(answer.Member("access_token")!);
        Assert.Equal((root.Id, alice.Id), (claims.GetProperty("act").GetProperty("sub").GetString(), claims.GetProperty("sub").GetString()));
        Assert.InRange(claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64(), 1795, 1800);
        Assert.Equal((0L, 0), (claims.GetProperty("auth_time").GetInt64(), claims.GetProperty("amr").GetArrayLength()));
        Assert.False(Actor.Claims(root.AccessToken!).TryGetProperty("act", out _));

        // No device was remembered, no sign-in noted, no place taken among the owner's sessions.
        Assert.Equal((0L, 0L), await app.Database.ScalarAsync<(long, long)>("SELECT (SELECT COUNT(*) FROM devices WHERE account_id = @Id), (SELECT COUNT(last_login_at) FROM accounts WHERE id = @Id)", new { alice.Id }));
        await alice.SignInAsync();
        Assert.Equal(1, (await alice.GetAsync("/sessions")).Json.GetProperty("items").GetArrayLength());
    }

    [Theory]
    [OnSqlite("disabled_at = 1", "account_disabled"), OnPostgres("disabled_at = 1", "account_disabled")]
    [OnSqlite("email_verified_at = NULL", "email_not_verified"), OnPostgres("email_verified_at = NULL", "email_not_verified")]
    [OnSqlite("password_change_required = 1", "password_change_required"), OnPostgres("password_change_required = 1", "password_change_required")]
    public async Task PE_01_Viewing_asks_whether_the_account_may_have_a_token(Engine engine, string assignment, string code)
    {
        await using var app = await TestApp.StartAsync(engine, On, ("SignUp:RequireVerifiedEmail", "true"));
        var (root, alice) = (await app.NewAdministratorAsync(), await (await app.NewActor("alice").SignUpAsync()).VerifyAsync());
        var browser = await new PageActor(app).SignInAsync(root);
        (await TryAsync(root, alice)).Expect(HttpStatusCode.OK);
        await app.ChangeAccountAsync(alice, assignment);
        Assert.DoesNotContain("eyJ", (await TryAsync(root, alice)).Expect(HttpStatusCode.Forbidden, code).Body, StringComparison.Ordinal);
        Assert.Empty((await browser.PostAsync($"/admin/users/{alice.Id}/view-as")).Expect(HttpStatusCode.Forbidden).SetCookies);
    }

    internal static Task<Answer> TryAsync(Actor by, Actor of) => by.PostAsync($"/api/admin/users/{of.Id}/impersonate");

    internal static async Task<Actor> ViewAsync(TestApp app, Actor by, Actor of)
    {
        var viewer = app.NewActor("viewer");
        viewer.AccessToken = (await TryAsync(by, of)).Expect(HttpStatusCode.OK).Member("access_token");
        return viewer;
    }

    internal static async Task<PageActor> ViewInBrowserAsync(TestApp app, Actor by, Actor of)
    {
        var browser = await new PageActor(app).SignInAsync(by);
        Assert.Equal("/dashboard", (await browser.PostAsync($"/admin/users/{of.Id}/view-as")).Expect(HttpStatusCode.SeeOther).Location);
        return browser;
    }
}
