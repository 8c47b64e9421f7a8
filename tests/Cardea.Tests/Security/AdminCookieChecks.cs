using System.Net;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>The administration's JSON takes the cookie of the pages as well; a cookie travels by itself, so what changes something must come from a page of ours.</summary>
public sealed class AdminCookieChecks
{
    private const string Roles = "/api/admin/roles";
    private const string Body = """{"name":"support","permissions":["accounts.read"]}""";

    [Theory, OnSqlite, OnPostgres]
    public async Task CS_01_A_cookie_reads_the_administration_and_changes_it_only_from_our_own_pages(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Cors:AllowedOrigins:0", "https://app.example"));
        var browser = await new PageActor(app).SignInAsync(await app.NewAdministratorAsync());
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        (await browser.GetAsync("/api/admin/users")).Expect(HttpStatusCode.OK);
        (await browser.GetAsync("/users/me")).Expect(HttpStatusCode.Unauthorized); // no other door of the JSON API
        (await (await new PageActor(app).SignInAsync(alice)).GetAsync("/api/admin/users")).Expect(HttpStatusCode.Forbidden);

        var origin = app.Address.GetLeftPart(UriPartial.Authority);
        var before = await app.DumpSettledAsync();
        foreach (var (name, site, from) in new (string, string?, string?)[]
        {
            ("another site", null, "https://evil.example"),
            ("another site, that says so", "cross-site", "https://evil.example"),
            ("a site whose scripts may call with a token", "cross-site", "https://app.example"),
            ("a name that begins like ours", null, origin + ".evil.example"),
            ("another port of this host", "same-site", "http://127.0.0.1:1"),
            ("our origin, from another site", "cross-site", origin),
            ("a sandboxed frame", "cross-site", "null"),
            ("a null origin", null, "null"),
            ("typed into the address line", "none", null),
        })
        {
            foreach (var (method, path, body) in new (HttpMethod, string, string?)[] { (HttpMethod.Post, Roles, Body), (HttpMethod.Post, $"/api/admin/users/{alice.Id}/sign-out", null), (HttpMethod.Delete, "/api/admin/users/" + alice.Id, null) })
            {
                var page = await SendAsync(browser, method, path, body, "application/json", site, from);
                Assert.True(page.Status is HttpStatusCode.Forbidden, $"{name}, {path}: {(int)page.Status} {page.Html}");
                Assert.Null(page.Answer.Header("Access-Control-Allow-Credentials"));
            }
        }

        // What a form can send without asking is no JSON.
        foreach (var type in new[] { "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x" })
        {
            (await SendAsync(browser, HttpMethod.Post, Roles, Body, type, "same-origin", origin)).Expect(HttpStatusCode.UnsupportedMediaType);
        }

        // A browser too old to say where a form comes from sends it as a form; what says nothing and sends none is a program that holds the cookie.
        (await SendAsync(browser, HttpMethod.Post, Roles, Body, "application/x-www-form-urlencoded", null, null)).Expect(HttpStatusCode.UnsupportedMediaType);
        foreach (var form in new[] { "", "a=b" })
        {
            (await SendAsync(browser, HttpMethod.Post, $"/api/admin/users/{alice.Id}/sign-out", form, "application/x-www-form-urlencoded", null, null)).Expect(HttpStatusCode.Forbidden);
        }

        Assert.Equal(before, await app.DumpSettledAsync());
        (await SendAsync(browser, HttpMethod.Post, Roles, Body, "application/json", null, null)).Expect(HttpStatusCode.Created);
        (await SendAsync(browser, HttpMethod.Delete, Roles + "/support", null, "application/json", null, null)).Expect(HttpStatusCode.OK);
        (await SendAsync(browser, HttpMethod.Post, Roles, Body, "application/json", "same-origin", origin)).Expect(HttpStatusCode.Created);
        (await SendAsync(browser, HttpMethod.Delete, Roles + "/support", null, "application/json", null, origin)).Expect(HttpStatusCode.OK);
        app.Clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal("reauthentication_required", (await SendAsync(browser, HttpMethod.Post, Roles, Body, "application/json", "same-origin", origin)).Expect(HttpStatusCode.Forbidden).Answer.Code);
        (await browser.GetAsync("/api/admin/users")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task MF_04_The_cookies_of_a_half_finished_sign_in_open_nothing_of_the_administration(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var root = await app.NewAdministratorAsync();
        await Authenticator.SetUpAsync(app, root);
        var browser = new PageActor(app);
        Assert.Equal("/login/second-step", (await browser.TrySignInAsync(root)).Expect(HttpStatusCode.SeeOther).Location);
        Assert.NotEmpty(browser.Cookies);
        (await browser.GetAsync("/api/admin/users")).Expect(HttpStatusCode.Unauthorized);
        foreach (var (name, value) in browser.Cookies.ToList())
        {
            var other = new PageActor(app);
            other.Cookies["cardea"] = value;
            (await other.GetAsync("/api/admin/users")).Expect(HttpStatusCode.Unauthorized);
            Assert.NotEqual("cardea", name);
        }

        // A header that is no good is not made up for by a good cookie: what was meant is what is asked.
        var signedIn = await new PageActor(app).SignInAsync(await app.NewAdministratorAsync("other"));
        (await signedIn.SendAsync(HttpMethod.Get, "/api/admin/users", change: request => request.Headers.TryAddWithoutValidation("Authorization", "Bearer nothing"))).Expect(HttpStatusCode.Unauthorized);
    }

    private static Task<Page> SendAsync(PageActor browser, HttpMethod method, string path, string? body, string type, string? site, string? origin)
    {
        var content = body is null ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content?.Headers.TryAddWithoutValidation("Content-Type", type);
        return browser.SendAsync(method, path, content, request =>
        {
            foreach (var (name, value) in new[] { ("Sec-Fetch-Site", site), ("Origin", origin) })
            {
                request.Headers.Remove(name);
                if (value is not null)
                {
                    request.Headers.TryAddWithoutValidation(name, value);
                }
            }
        });
    }
}
