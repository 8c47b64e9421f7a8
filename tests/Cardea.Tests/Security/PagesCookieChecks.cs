using System.Net;
using System.Text;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Web;
using Cardea.Tests.Harness;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Tests.Security;

/// <summary>The cookies of the pages: what they may be, what they open, and when they are over.</summary>
public sealed class PagesCookieChecks
{
    [Theory, InlineData("https://id.example.org"), InlineData("http://localhost:8099")]
    public async Task SE_01_Every_cookie_is_kept_from_scripts_other_sites_and_other_hosts(string publicUrl)
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite, ("PublicUrl", publicUrl), ("Recovery:Method", "temporary-password"));
        var isHttps = publicUrl.StartsWith("https:", StringComparison.Ordinal);
        var alice = await app.NewActor("alice").SignUpAsync();
        var browser = new PageActor(app);
        List<SetCookie> cookies =
        [
            .. (await browser.GetAsync("/login")).SetCookies,
            .. (await browser.TrySignInAsync(alice)).SetCookies,
            .. (await browser.PostAsync("/language", ("language", "en"))).SetCookies,
            .. (await browser.PostAsync("/account/profile", ("given_name", "Ann"))).SetCookies,
            .. (await browser.GetAsync("/dashboard")).SetCookies,
            .. (await browser.PostAsync("/account/security/password", ("current_password", alice.Password), ("new_password", "brass otter window seven"), ("new_password_again", "brass otter window seven"))).SetCookies,
            .. (await browser.PostAsync("/logout")).SetCookies,
            .. (await browser.PostAsync("/forgot-password", ("login", alice.Email))).SetCookies,
            .. (await browser.TrySignInAsync(alice, (await app.LastMailToAsync(alice.Email)).Code)).SetCookies,
        ];
        var prefix = isHttps ? "__Host-" : "";
        Assert.Equal(new[] { "cardea", "cardea-asked-code", "cardea-device", "cardea-flash", "cardea-form", "cardea-password-change" }.Select(name => prefix + name).Append("cardea-language").Order(), cookies.Select(cookie => cookie.Name).Distinct().Order());
        Assert.Contains(cookies, cookie => cookie.IsRemoval && cookie.Name == prefix + "cardea");
        Assert.All(cookies, cookie =>
        {
            Assert.Equal((cookie.Name, isHttps), (cookie.Name, cookie.Attributes.ContainsKey("secure")));
            Assert.True(cookie.Attributes.ContainsKey("httponly"), cookie.Name);
            Assert.Equal("lax", cookie.Attributes["samesite"], ignoreCase: true);
            Assert.Equal("/", cookie.Attributes["path"]);
            Assert.False(cookie.Attributes.ContainsKey("domain"));
            Assert.True(cookie.Value.Length < 4096 - 200, cookie.Name); // SE-11
        });
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_02_A_session_cookie_is_256_random_bits_and_nothing_stored_or_logged_is_worth_one(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var secrets = new List<string>();
        for (var number = 0; number < 20; number++)
        {
            secrets.Add((await new PageActor(app).SignInAsync(alice)).Session!.Split('.')[1]);
        }

        var dump = await app.DumpAsync();
        var files = engine is Engine.Sqlite ? Directory.GetFiles(app.Database.Directory, "cardea.db*").Select(ReadShared).ToList() : [];
        Assert.Contains(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.ASCII.GetBytes(secrets[0]))), dump, StringComparison.Ordinal);
        Assert.All(secrets, secret =>
        {
            var random = Bytes(secret);
            Assert.Equal(32, random.Length);
            Assert.DoesNotContain(secret, dump, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToHexStringLower(random), dump, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, app.Logs.Text, StringComparison.Ordinal);
            Assert.All(files, file => Assert.True(file.AsSpan().IndexOf(random) < 0 && file.AsSpan().IndexOf(Encoding.ASCII.GetBytes(secret)) < 0));
        });
        Assert.Equal(secrets.Count, secrets.Distinct().Count());
        Assert.InRange(secrets.Sum(secret => Bytes(secret).Sum(one => int.PopCount(one))), 2560 - 250, 2560 + 250); // 7 sigma of 20 × 256 throws of a coin
    }

    [Fact]
    public async Task SE_03_No_cookie_or_token_with_one_byte_changed_is_taken_for_the_one_that_it_was()
    {
        await using var app = await TestApp.StartAsync(Engine.Sqlite);
        var alice = await app.NewActor("alice").SignUpAsync();
        var browser = await new PageActor(app).SignInAsync(alice);
        Assert.True(await browser.IsSignedInAsync());
        var session = browser.Session!;
        foreach (var changed in Changed(session).Append(session + "A").Append(session[..^1]).Append(session.ToUpperInvariant()).Append(session.Replace('.', '-')))
        {
            var thief = new PageActor(app) { Cookies = { ["cardea"] = changed } };
            Assert.False(await thief.IsSignedInAsync(), changed);
        }

        var token = await browser.TokenAsync();
        var form = browser.Cookies["cardea-form"];
        foreach (var changed in Changed(token).Concat(ChangedBytes(token)))
        {
            (await browser.PostAsync("/language", changed, [("language", "en")])).Expect(HttpStatusCode.BadRequest);
        }

        foreach (var changed in Changed(form).Concat(ChangedBytes(form)))
        {
            var other = browser.Copy();
            other.Cookies["cardea-form"] = changed;
            (await other.PostAsync("/language", token, [("language", "en")])).Expect(HttpStatusCode.BadRequest);
        }

        (await browser.PostAsync("/language", token, [("language", "en")])).Expect(HttpStatusCode.SeeOther); // so that nothing but the change was refused

        (await browser.PostAsync("/account/profile", token, [("given_name", "Ann")])).Expect(HttpStatusCode.SeeOther);
        var flash = browser.Cookies["cardea-flash"];
        foreach (var changed in Changed(flash).Concat(ChangedBytes(flash)))
        {
            var other = browser.Copy();
            other.Cookies["cardea-flash"] = changed;
            Assert.Null((await other.GetAsync("/account/profile")).Expect(HttpStatusCode.OK).Flash);
        }

        Assert.Equal("Your profile was saved.", (await browser.GetAsync("/account/profile")).Flash);
        Assert.Null((await browser.GetAsync("/account/profile")).Flash);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_04_A_planted_cookie_is_never_signed_in_and_every_sign_in_ends_the_session_before_it(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var attacker = await new PageActor(app).SignInAsync(await app.NewActor("attacker").SignUpAsync());
        (await attacker.PostAsync("/logout")).Expect(HttpStatusCode.SeeOther);
        var planted = $"{Guid.CreateVersion7():n}.{new string('A', 43)}";
        var browser = new PageActor(app) { Cookies = { ["cardea"] = planted, ["__Host-cardea"] = planted } };
        await browser.SignInAsync(alice);
        var first = browser.Copy();
        Assert.DoesNotContain(planted, first.Session, StringComparison.Ordinal);
        Assert.NotEqual(planted.Split('.')[0], first.Session!.Split('.')[0]);
        Assert.False(await new PageActor(app) { Cookies = { ["cardea"] = planted, ["__Host-cardea"] = planted } }.IsSignedInAsync());

        await browser.SignInAsync(alice); // again, in the same browser
        Assert.NotEqual(first.Session!.Split('.')[0], browser.Session!.Split('.')[0]);
        Assert.False(await first.IsSignedInAsync());
        Assert.Equal(1, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions"));

        var bob = await app.NewActor("bob").SignUpAsync();
        var second = browser.Copy();
        await browser.SignInAsync(bob); // as somebody else, in the same browser
        Assert.False(await second.IsSignedInAsync());
        Assert.Contains(bob.Email, (await browser.GetAsync("/dashboard")).Html, StringComparison.Ordinal);
        Assert.DoesNotContain(alice.Email, (await browser.GetAsync("/dashboard")).Html, StringComparison.Ordinal);
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_04_After_a_password_change_only_the_browser_that_made_it_is_signed_in_and_by_a_new_cookie(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var browser = await new PageActor(app).SignInAsync(alice);
        var elsewhere = await new PageActor(app).SignInAsync(alice);
        var copied = browser.Copy();
        Assert.True(await copied.IsSignedInAsync());
        (await browser.PostAsync("/account/security/password", ("current_password", alice.Password), ("new_password", "brass otter window seven"), ("new_password_again", "brass otter window seven")))
            .Expect(HttpStatusCode.SeeOther);
        Assert.True(await browser.IsSignedInAsync());
        Assert.False(await copied.IsSignedInAsync());
        Assert.False(await elsewhere.IsSignedInAsync());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_05_SE_12_A_signed_out_cookie_opens_nothing_when_it_is_sent_again(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var browser = await new PageActor(app).SignInAsync(await app.NewActor("alice").SignUpAsync());
        Assert.Contains("no-store", (await browser.GetAsync("/dashboard")).Answer.Header("Cache-Control"), StringComparison.Ordinal);
        var copied = browser.Copy();
        var done = (await browser.PostAsync("/logout")).Expect(HttpStatusCode.SeeOther);
        Assert.Contains("\"cache\"", done.Answer.Header("Clear-Site-Data"), StringComparison.Ordinal);
        Assert.Null(browser.Session);
        Assert.Equal("You are signed out.", (await browser.GetAsync(done.Location!)).Flash);
        Assert.Equal("/login?return_url=%2Fdashboard", (await copied.GetAsync("/dashboard")).Location);
        Assert.Equal("/login", (await copied.PostAsync("/account/profile", ("given_name", "Mallory"))).Location);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM accounts WHERE given_name = 'Mallory'"));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_06_A_cookie_is_over_when_it_was_not_used_or_was_used_for_too_long(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("Sessions:IdleDays", "1"), ("Sessions:AbsoluteDays", "3"));
        var alice = await app.NewActor("alice").SignUpAsync();
        var idle = await new PageActor(app).SignInAsync(alice);
        app.Clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(2));
        Assert.True(await idle.IsSignedInAsync());
        app.Clock.Advance(TimeSpan.FromDays(1) + TimeSpan.FromSeconds(1));
        Assert.False(await idle.IsSignedInAsync());

        var busy = await new PageActor(app).SignInAsync(alice);
        for (var part = 0; part < 4; part++)
        {
            app.Clock.Advance(TimeSpan.FromHours(17));
            Assert.True(await busy.IsSignedInAsync());
        }

        app.Clock.Advance(TimeSpan.FromHours(4) + TimeSpan.FromSeconds(1));
        Assert.False(await busy.IsSignedInAsync());
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task SE_11_A_cookie_that_is_nonsense_is_ignored(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        foreach (var garbage in new[] { new string('x', 8192), "", ".", new string('0', 32) + "." + new string('A', 43), "%00", "\"", "a=b=c", "CfDJ8" + new string('A', 200) })
        {
            foreach (var name in new[] { "cardea", "cardea-form", "cardea-flash", "cardea-device", "cardea-language", "cardea-asked-code", "cardea-password-change" })
            {
                foreach (var path in new[] { "/login", "/verify-email", "/reset-password" })
                {
                    var browser = new PageActor(app) { Cookies = { [name] = garbage } };
                    var page = (await browser.GetAsync(path)).Expect(HttpStatusCode.OK);
                    Assert.NotEmpty(page.Token);
                    Assert.Null(page.ValueOf("code"));
                    Assert.Null(page.ValueOf("password_again"));
                }
            }
        }
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task A_cookie_opens_no_JSON_door_and_a_token_opens_no_page(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).SignInAsync();
        var browser = new PageActor(app);
        var answer = await browser.TrySignInAsync(alice);
        Assert.All(["access_token", "refresh_token", "eyJ"], word => Assert.DoesNotContain(word, answer.Html + string.Join(answer.Location, browser.Cookies.Values), StringComparison.Ordinal));
        var routes = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();
        var doors = routes.Where(route => route.Metadata.OfType<Access>().Any(access => access is Access.Bearer or Access.RecentBearer or Access.Enrolling)).ToList();
        Assert.True(doors.Count >= 8, $"Only {doors.Count} doors were found.");
        foreach (var door in doors)
        {
            foreach (var method in door.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Where(method => method != "HEAD"))
            {
                var path = door.RoutePattern.RawText!.Replace("{id}", browser.Session!.Split('.')[0], StringComparison.Ordinal);
                (await browser.SendAsync(new HttpMethod(method), path)).Answer.Expect(HttpStatusCode.Unauthorized, "unauthorized");
            }
        }

        var (id, secret) = (browser.Session!.Split('.')[0], browser.Session!.Split('.')[1]);
        foreach (var bearer in new[] { browser.Session!, id, secret })
        {
            (await alice.SendAsync(HttpMethod.Get, "/users/me", withToken: false, change: request => request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + bearer))).Expect(HttpStatusCode.Unauthorized);
        }

        var pages = routes.Where(route => route.Metadata.OfType<PageAccess>().Contains(PageAccess.SignedIn) && route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains("GET")).ToList();
        Assert.True(pages.Count >= 4);
        foreach (var cookie in new[] { null, alice.AccessToken, alice.RefreshToken, $"{alice.SessionId}.{new string('A', 43)}", $"{alice.SessionId}." })
        {
            foreach (var page in pages)
            {
                var client = new PageActor(app);
                if (cookie is not null)
                {
                    client.Cookies["cardea"] = cookie;
                }

                var shown = await client.SendAsync(HttpMethod.Get, page.RoutePattern.RawText!, null, request => request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + alice.AccessToken));
                Assert.StartsWith("/login?return_url=", shown.Expect(HttpStatusCode.SeeOther).Location, StringComparison.Ordinal);
            }
        }
    }

    private static byte[] Bytes(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);

    /// <summary>Each character in turn replaced by its neighbour in the alphabet, which is one bit of what it stands for.</summary>
    private static IEnumerable<string> Changed(string text)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        return Enumerable.Range(0, text.Length).Select(index => Alphabet.IndexOf(text[index], StringComparison.Ordinal) is >= 0 and var at
            ? text[..index] + Alphabet[at ^ 1] + text[(index + 1)..]
            : text[..index] + "A" + text[(index + 1)..]);
    }

    private static IEnumerable<string> ChangedBytes(string text)
    {
        var bytes = Bytes(text);
        return Enumerable.Range(0, bytes.Length).Select(index =>
        {
            byte[] changed = [.. bytes];
            changed[index] ^= 0x80;
            return System.Buffers.Text.Base64Url.EncodeToString(changed);
        });
    }

    private static byte[] ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
