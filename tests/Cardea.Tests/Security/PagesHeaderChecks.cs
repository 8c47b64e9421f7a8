using System.Net;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Tests.Harness;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Security;

/// <summary>What every answer of the pages carries, whatever it says.</summary>
public sealed partial class PagesHeaderChecks
{
    [Theory, InlineData("http://localhost:8099"), InlineData("https://id.example.org")]
    public async Task HD_01_HD_02_HD_03_Every_answer_of_the_pages_forbids_what_no_page_needs(string publicUrl)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("PublicUrl", publicUrl));
        var alice = await app.NewActor("alice").SignUpAsync();
        var mail = await app.LastMailToAsync(alice.Email);
        var stranger = new PageActor(app);
        var browser = await new PageActor(app).SignInAsync(alice);
        var paths = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.OfType<PageAccess>().Any() && route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains("GET"))
            .Select(route => route.RoutePattern.RawText!.Replace("{id}", mail.Id, StringComparison.Ordinal)).ToList();
        Assert.True(paths.Count >= 15, $"Only {paths.Count} pages were found.");

        var answers = new List<(string Name, Page Page)>();
        foreach (var path in paths.Append("/dev/mail/none").Append("/nowhere").Append("/reset-password?token=abc").Append("/verify-email?token=abc").Append("/assets/none.css"))
        {
            foreach (var who in new[] { stranger, browser })
            {
                answers.Add((path, await who.GetAsync(path)));
                answers.Add(("HEAD " + path, await who.SendAsync(HttpMethod.Head, path)));
            }
        }

        foreach (Match asset in AssetAddress().Matches(answers[0].Page.Html + (await stranger.GetAsync("/login")).Html))
        {
            answers.Add((asset.Value, (await stranger.GetAsync(asset.Value)).Expect(HttpStatusCode.OK)));
        }

        answers.Add(("expired", (await browser.PostAsync("/language", null, [])).Expect(HttpStatusCode.BadRequest)));
        answers.Add(("foreign", (await browser.PostAsync("/language", null, [], request => request.Headers.TryAddWithoutValidation("Origin", "null"))).Expect(HttpStatusCode.Forbidden)));
        answers.Add(("method", (await browser.PostAsync("/dashboard", null, [])).Expect(HttpStatusCode.MethodNotAllowed)));
        answers.Add(("large", (await browser.PostAsync("/login", null, [("login", new string('a', 100_000))])).Expect(HttpStatusCode.RequestEntityTooLarge)));
        answers.Add(("text", (await browser.SendAsync(HttpMethod.Post, "/login", new StringContent("a"))).Expect(HttpStatusCode.UnsupportedMediaType)));
        answers.Add(("wrong", (await browser.TrySignInAsync(alice, "wrong")).Expect(HttpStatusCode.Unauthorized)));
        answers.Add(("host", (await browser.SendAsync(HttpMethod.Get, "/login", null, request => request.Headers.Host = "evil.example")).Expect(HttpStatusCode.BadRequest)));
        answers.Add(("signed out", (await browser.PostAsync("/logout")).Expect(HttpStatusCode.SeeOther)));
        await app.Database.ExecuteAsync("ALTER TABLE accounts RENAME TO gone");
        answers.Add(("fault", (await stranger.PostAsync("/login", ("login", "a@example.org"), ("password", "b"))).Expect(HttpStatusCode.InternalServerError)));

        Assert.All(answers, answer => CheckHeaders(answer.Name, answer.Page, publicUrl));
        Assert.All(answers, answer => CheckMarkup(answer.Name, answer.Page, publicUrl));
    }

    [Fact]
    public async Task HD_04_Methods_that_no_page_has_are_refused_and_no_header_makes_one_of_another()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var browser = await new PageActor(app).SignInAsync(await app.NewActor("alice").SignUpAsync());
        foreach (var path in new[] { "/login", "/dashboard", "/account/security", "/assets/cardea.css" })
        {
            foreach (var method in new[] { "TRACE", "TRACK", "PUT", "DELETE", "PATCH", "PROPFIND", "NONSENSE" })
            {
                var page = (await browser.SendAsync(new HttpMethod(method), path)).Expect(HttpStatusCode.MethodNotAllowed);
                Assert.DoesNotContain(browser.Session!, page.Html, StringComparison.Ordinal);
            }
        }

        foreach (var header in new[] { "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override" })
        {
            var page = await browser.SendAsync(HttpMethod.Get, "/logout?_method=POST", null, request => request.Headers.TryAddWithoutValidation(header, "POST"));
            page.Expect(HttpStatusCode.OK);
        }

        Assert.True(await browser.IsSignedInAsync());
        foreach (var path in new[] { "/.git/config", "/.env", "/appsettings.json", "/assets/", "/assets", "/assets/..%2fappsettings.json", "/assets/%2e%2e/appsettings.json", "/wwwroot/cardea.css" })
        {
            (await browser.GetAsync(path)).Expect(HttpStatusCode.NotFound);
        }
    }

    private static void CheckHeaders(string name, Page page, string publicUrl)
    {
        var headers = page.Answer;
        void Equal(string header, string? value) => Assert.Equal((name, header, value), (name, header, headers.Header(header)));
        Equal("X-Content-Type-Options", "nosniff");
        Equal("Referrer-Policy", "no-referrer");
        Equal("Cross-Origin-Opener-Policy", "same-origin");
        Equal("Server", null);
        Equal("X-Powered-By", null);
        Equal("blazor-enhanced-nav", null);
        Assert.Contains("camera=()", headers.Header("Permissions-Policy"), StringComparison.Ordinal);
        Equal("Strict-Transport-Security", publicUrl.StartsWith("https:", StringComparison.Ordinal) ? "max-age=31536000; includeSubDomains" : null);
        if (!name.Contains("/assets/", StringComparison.Ordinal))
        {
            Assert.Contains("no-store", headers.Header("Cache-Control"), StringComparison.Ordinal);
        }

        if (headers.Header("Content-Type") is { } type && type.StartsWith("text/", StringComparison.Ordinal))
        {
            Assert.EndsWith("; charset=utf-8", type, StringComparison.Ordinal);
        }
        else if (page.Html.Length > 0)
        {
            Assert.Contains(headers.Header("Content-Type"), new[] { "image/svg+xml", "application/problem+json", "application/json; charset=utf-8" }); // whose encoding is fixed by what they are
        }

        CheckPolicy(name, headers.Header("Content-Security-Policy")!);
    }

    private static void CheckPolicy(string name, string policy)
    {
        var directives = policy.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(one => one.Split(' ', 2)).ToDictionary(one => one[0], one => one.ElementAtOrDefault(1));
        string? Of(string directive) => directives.GetValueOrDefault(directive);
        Assert.Equal("'none'", Of("default-src"));
        Assert.Equal("'none'", Of("base-uri"));
        Assert.Equal("'none'", Of("object-src") ?? Of("default-src"));
        if (name.EndsWith("/html", StringComparison.Ordinal) && name.Contains("/dev/mail/", StringComparison.Ordinal) && Of("sandbox") is { } sandbox)
        {
            Assert.Equal("allow-popups", sandbox); // a mail is shown in a frame of ours: no script, no form, no origin
            Assert.Equal("'none'", Of("form-action"));
            Assert.Null(Of("script-src"));
            return;
        }

        Assert.Equal("'none'", Of("frame-ancestors"));
        Assert.Contains(Of("form-action"), new[] { "'self'", "'none'" });
        Assert.Contains(Of("script-src") ?? "'none'", new[] { "'self'", "'none'" });
        Assert.All(directives.Values, value => Assert.True(value is null or "'none'" or "'self'" or "'script'", $"{name}: {policy}"));
    }

    private static void CheckMarkup(string name, Page page, string publicUrl)
    {
        if (page.Answer.Header("Content-Type")?.StartsWith("text/html", StringComparison.Ordinal) is not true || name.EndsWith("/html", StringComparison.Ordinal))
        {
            Assert.DoesNotMatch("@import|url\\(|https?:", page.Answer.Header("Content-Type")?.StartsWith("text/css", StringComparison.Ordinal) is true ? page.Html : "");
            return;
        }

        Assert.All(Address().Matches(page.Html), address => Assert.True(
            address.Groups[1].Value is ['/', not '/', ..] or ['#', ..] or "/" || address.Groups[1].Value.StartsWith(publicUrl + "/", StringComparison.Ordinal), $"{name}: {address.Value}"));
        Assert.DoesNotMatch("(?i)data:|javascript:|<style|<base|<object|<embed| style=| on[a-z]+=|<script(?! type=\"module\" src=\"/assets/)", page.Html);
    }

    [GeneratedRegex("\\s(?:src|href|action|formaction|poster|srcset)=\"([^\"]*)\"")]
    private static partial Regex Address();

    [GeneratedRegex("/assets/[^\"]+")]
    private static partial Regex AssetAddress();
}
