using System.Net;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Tests.Harness;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Security;

/// <summary>Whatever a form holds, it is answered by a page, and never by a fault.</summary>
public sealed class PagesFormChecks
{
    private static readonly string[] Fields =
    [
        "login", "password", "password_again", "email", "username", "given_name", "family_name", "token", "code", "current_password", "new_password", "new_password_again", "id", "language", "return_url", "replace",
    ];

    private static readonly string[] Values =
    [
        "", " ", "\0", "a\0b@example.org", "\ud800", "\uffff", "\u202e", "%", "%zz", "'; DROP TABLE accounts; --", "{0}", "{{7*7}}", "\r\n", "é", "e\u0301", "İ", "ß", "👩‍👩‍👧‍👦", "a@example.org,b@example.org",
        new string('0', 32), new string('A', 43), "000000", "-1", "999999999999999999999", new string('é', 5000), new string('a', 16_000),
    ];

    [Theory, OnSqlite, OnPostgres]
    public async Task Every_form_answers_missing_doubled_and_hostile_fields_with_a_page(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Recovery:Method", "code"));
        var browser = await new PageActor(app).SignInAsync(await app.NewActor("alice").SignUpAsync());
        var token = await browser.TokenAsync();
        foreach (var path in FormPaths(app))
        {
            await CheckAsync(path, "missing", PageActor.Form(token));
            foreach (var value in Values)
            {
                await CheckAsync(path, value, PageActor.Form(token, [.. Fields.Select(field => (field, value))]));
            }

            await CheckAsync(path, "doubled", PageActor.Form(token, [.. Fields.Concat(Fields).Select(field => (field, "twice@example.org"))]));
            await CheckAsync(path, "arrays", PageActor.Form(token, [.. Fields.Select(field => (field + "[]", "x"))]));
        }

        async Task CheckAsync(string path, string what, HttpContent content)
        {
            var page = await browser.SendAsync(HttpMethod.Post, path, content);
            Assert.True((int)page.Status < 500, $"{path}, {what}: {(int)page.Status}");
            if (page.Status is not HttpStatusCode.SeeOther && path != "/account/export")
            {
                Assert.Contains("<main id=\"main\"", page.Html, StringComparison.Ordinal);
                Assert.DoesNotContain("JSON", page.Shown, StringComparison.OrdinalIgnoreCase); // a page speaks to people
                Assert.Contains("</html>", page.Html, StringComparison.Ordinal);
            }

            if (path == "/logout")
            {
                browser = await new PageActor(app).SignInAsync(await app.NewActor("alice").SignUpAsync());
                token = await browser.TokenAsync();
            }
        }
    }

    [Fact]
    public async Task A_body_that_no_form_of_ours_sends_is_refused_with_a_page()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var browser = await new PageActor(app).SignInAsync(await app.NewActor("alice").SignUpAsync());
        var token = await browser.TokenAsync();
        var start = $"_token={token}&login=";
        HttpContent Raw(byte[] bytes, string type)
        {
            var content = new ByteArrayContent(bytes);
            content.Headers.TryAddWithoutValidation("Content-Type", type);
            return content;
        }

        HttpContent Typed(string text, string type = "application/x-www-form-urlencoded") => Raw(Encoding.UTF8.GetBytes(text), type);
        var bodies = new Dictionary<string, (Func<HttpContent> Content, int[] Statuses)>
        {
            ["a 20 KB field"] = (() => Typed(start + new string('a', 20_000)), [400]),
            ["many keys"] = (() => Typed(start + string.Concat(Enumerable.Range(0, 5_000).Select(number => $"&a{number}="))), [400]),
            ["a long key"] = (() => Typed(start + "&" + new string('k', 10_000) + "=1"), [400]),
            ["100,000 keys"] = (() => Typed(start + string.Concat(Enumerable.Range(0, 100_000).Select(number => $"&a{number}="))), [400, 413]),
            ["2 MB"] = (() => Typed(start + new string('a', 2_000_000)), [400, 413]),
            ["100,000 keys, of unknown length"] = (() => new Unmeasured(Typed(start + string.Concat(Enumerable.Range(0, 100_000).Select(number => $"&a{number}=")))), [400, 413]),
            ["2 MB, of unknown length"] = (() => new Unmeasured(Typed(start + string.Concat(Enumerable.Repeat("&a=" + new string('a', 10_000), 200)))), [400, 413]),
            ["parts without a boundary"] = (() => Typed("x", "multipart/form-data"), [400]),
            ["parts that end early"] = (() => Typed("--x\r\nContent-Disposition: form-data; name=\"_token\"\r\n\r\nabc", "multipart/form-data; boundary=x"), [400]),
            ["a part without a name"] = (() => Typed("--x\r\n\r\nabc\r\n--x--\r\n", "multipart/form-data; boundary=x"), [400]),
            ["an empty body"] = (() => Typed(""), [400]),
            ["UTF-16"] = (() => Raw(Encoding.Unicode.GetBytes(start + "a"), "application/x-www-form-urlencoded; charset=utf-16"), [415]),
            ["UTF-7"] = (() => Typed(start + "+ADw-script+AD4-", "application/x-www-form-urlencoded; charset=utf-7"), [415]),
            ["an unknown charset"] = (() => Typed(start + "a", "application/x-www-form-urlencoded; charset=nonsense"), [415]),
            ["bytes that are no UTF-8"] = (() => Raw([.. Encoding.ASCII.GetBytes(start), 0xff, 0xfe, 0xc0, 0x80], "application/x-www-form-urlencoded"), [400]),
            ["escapes that are no UTF-8"] = (() => Typed(start + "%ff%fe%c0%80%ed%a0%80"), [400]),
        };
        foreach (var path in FormPaths(app).Where(path => path is "/login" or "/register"))
        {
            foreach (var (name, (content, statuses)) in bodies)
            {
                Page page;
                try
                {
                    page = await browser.SendAsync(HttpMethod.Post, path, content());
                }
                catch (HttpRequestException) when (statuses.Contains(413))
                {
                    continue; // refused unread, and the connection closed while this client was still sending
                }
                catch (HttpRequestException)
                {
                    page = await browser.SendAsync(HttpMethod.Post, path, content()); // on a connection that the server was just closing behind such a one
                }

                Assert.True(statuses.Contains((int)page.Status), $"{path}, {name}: {(int)page.Status} {page.Html}");
                Assert.Contains("<main id=\"main\"", page.Html, StringComparison.Ordinal);
            }
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task What_was_typed_comes_back_with_what_is_wrong_and_never_a_password(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var taken = app.NewActor("alice");
        taken.Username = "wonderland";
        await taken.SignUpAsync();
        var browser = new PageActor(app);
        var page = (await browser.PostAsync("/register", ("email", "bob@example"), ("username", "a b"), ("given_name", "<b>Bob</b> \"O'Hara\""), ("family_name", "Łukasz & Söhne"), ("password", "hunter2hunter"), ("password_again", "other")))
            .Expect(HttpStatusCode.BadRequest);
        Assert.Equal(("bob@example", "a b", "<b>Bob</b> \"O'Hara\"", "Łukasz & Söhne"), (page.ValueOf("email"), page.ValueOf("username"), page.ValueOf("given_name"), page.ValueOf("family_name")));
        Assert.All(["username", "password_again"], field => Assert.NotNull(page.ErrorOf(field)));
        Assert.Null(page.ErrorOf("given_name"));
        Assert.DoesNotContain("hunter2", page.Html, StringComparison.Ordinal);
        Assert.Equal("", page.ValueOf("password"));

        var second = (await browser.PostAsync("/register", ("email", "bob@example.org"), ("username", "WonderLand"), ("password", taken.Password), ("password_again", taken.Password))).Expect(HttpStatusCode.Conflict);
        Assert.NotNull(second.ErrorOf("username"));
        Assert.Equal("bob@example.org", second.ValueOf("email"));
        await browser.SignInAsync(taken);
        var third = (await browser.PostAsync("/account/security/password", ("current_password", "hunter2hunter"), ("new_password", "hunter3hunter"), ("new_password_again", "other"))).Expect(HttpStatusCode.BadRequest);
        Assert.NotNull(third.ErrorOf("new_password_again"));
        Assert.DoesNotContain("hunter", third.Html, StringComparison.Ordinal);
    }

    private static List<string> FormPaths(TestApp app) =>
    [
        .. app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.Metadata.OfType<PageAccess>().Any() && route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains("POST"))
            .Select(route => route.RoutePattern.RawText!),
    ];

    /// <summary>Is sent in chunks: nobody knows how long it is before its end.</summary>
    private sealed class Unmeasured : HttpContent
    {
        private readonly HttpContent _inner;

        public Unmeasured(HttpContent inner)
        {
            _inner = inner;
            Headers.TryAddWithoutValidation("Content-Type", inner.Headers.ContentType!.ToString());
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _inner.CopyToAsync(stream);

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
