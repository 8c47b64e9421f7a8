using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

public sealed class HmHostTests
{
    private const string Ours = "https://id.example.org/";

    /// <summary>Header lines that say where the request was meant to go, each a way by which some server's mail has linked elsewhere.</summary>
    private static readonly (string Name, string Value)[][] Hostile =
    [
        [("Host", "evil.example")], [("Host", "id.example.org.evil.example")], [("Host", "evil.example:443")], [("Host", "id.example.org:8080")], [("Host", "ID.EXAMPLE.ORG")], [("Host", "localhost:1")],
        [("Host", "127.0.0.1:1")], [("Host", "id.example.org@evil.example")], [("Host", "evil.example/id.example.org")], [("Host", "evilid.example.org")], [("Host", "id.example.org.")], [("Host", "xn--id-.example.org")],
        [("Forwarded", "host=evil.example")], [("Forwarded", "for=1.2.3.4;host=evil.example;proto=http")], [("Forwarded", "host=\"evil.example\"")],
        [("X-Forwarded-Host", "evil.example")], [("X-Forwarded-Host", "id.example.org, evil.example")], [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "http")], [("X-Forwarded-Proto", "javascript")],
        [("X-Forwarded-Server", "evil.example")], [("X-Forwarded-Port", "8080")], [("X-Forwarded-Prefix", "/evil.example")], [("X-Original-Host", "evil.example")], [("X-Host", "evil.example")], [("X-HTTP-Host-Override", "evil.example")],
        [("X-Original-URL", "https://evil.example/")], [("X-Rewrite-URL", "https://evil.example/")], [("Origin", "https://evil.example")], [("Referer", "https://evil.example/")], [("Front-End-Https", "off")], [("X-Forwarded-For", "evil.example")],
        [("Via", "1.1 evil.example")], [("X-ProxyUser-Ip", "evil.example")], [("X-Wap-Profile", "https://evil.example/")], [("True-Client-IP", "evil.example")],
    ];

    [Theory, OnSqlite("direct"), OnSqlite("behind a trusted proxy"), OnPostgres("direct")]
    public async Task HM_01_Links_in_mail_lead_to_the_public_url_whatever_a_request_says(Engine engine, string where)
    {
        await using var app = await TestApp.StartAsync(engine, where == "direct" ? [("PublicUrl", Ours)] : [("PublicUrl", Ours), ("TrustedProxies", "127.0.0.0/8")]);
        Assert.True(Hostile.Length >= 21);
        var mailed = 0;
        foreach (var headers in Hostile)
        {
            var actor = app.NewActor();
            void Change(HttpRequestMessage request)
            {
                foreach (var (name, value) in headers)
                {
                    request.Headers.TryAddWithoutValidation(name, value);
                }
            }

            var about = string.Join(' ', headers);
            var signUp = await actor.SendAsync(HttpMethod.Post, "/auth/signup", new { email = actor.Email, password = actor.Password }, change: Change);
            var forgot = await actor.SendAsync(HttpMethod.Post, "/password/forgot", new { email = actor.Email }, change: Change);
            var send = await actor.SendAsync(HttpMethod.Post, "/verify/send", new { email = actor.Email }, change: Change);
            var mails = await app.MailsToAsync(actor.Email);
            if (signUp.Status == HttpStatusCode.BadRequest)
            {
                Assert.True(headers[0].Name == "Host" && (signUp.Code ?? "invalid_host") == "invalid_host", about);
                Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (forgot.Status, send.Status));
                Assert.Empty(mails);
                continue;
            }

            Assert.True((signUp.Status, forgot.Status, send.Status) == (HttpStatusCode.Created, HttpStatusCode.Accepted, HttpStatusCode.Accepted), about);
            Assert.Equal(3, mails.Count);
            mailed++;
            Assert.All(mails, mail =>
            {
                Assert.StartsWith(Ours, mail.Links.Single(), StringComparison.Ordinal);
                Assert.DoesNotContain("evil", mail.Subject + mail.Text + mail.Html, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain("http://", mail.Text + mail.Html, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain(":8080", mail.Text + mail.Html, StringComparison.OrdinalIgnoreCase);
            });
        }

        Assert.True(mailed >= 21, $"Only {mailed} mails were looked at.");
    }

    [Theory, OnSqlite]
    public async Task HM_01_An_unknown_host_is_refused_everywhere_but_for_probes(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("PublicUrl", Ours));
        foreach (var host in new[] { "evil.example", "id.example.org.evil.example", "evilid.example.org", "example.org", "localhost.evil.example", "127.0.0.1.evil.example" })
        {
            foreach (var path in new[] { "/", "/users/me", "/docs", "/docs/index.html", "/openapi/v1.json", "/.well-known/jwks.json", "/healthy", "/dev/mail/messages", "/nowhere" })
            {
                (await app.NewActor().SendAsync(HttpMethod.Get, path, change: request => request.Headers.Host = host)).Expect(HttpStatusCode.BadRequest, "invalid_host");
            }

            (await app.NewActor().SendAsync(HttpMethod.Get, "/health", change: request => request.Headers.Host = host)).Expect(HttpStatusCode.OK);
        }
    }

    [Theory, OnSqlite]
    public async Task HM_01_An_internationalized_public_url_is_linked_and_known_in_its_ASCII_form(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("PublicUrl", "https://b\u00fccher.example"));
        var alice = app.NewActor();
        (await alice.SendAsync(HttpMethod.Post, "/auth/signup", new { email = alice.Email, password = alice.Password }, change: request => request.Headers.Host = "xn--bcher-kva.example")).Expect(HttpStatusCode.Created);
        Assert.StartsWith("https://xn--bcher-kva.example/verify-email?token=", (await app.LastMailToAsync(alice.Email)).Links.Single(), StringComparison.Ordinal);
        await alice.SignInAsync();
        Assert.Equal("https://xn--bcher-kva.example", Actor.Claims(alice.AccessToken!).GetProperty("iss").GetString());
        (await alice.GetAsync("/users/me")).Expect(HttpStatusCode.OK);
    }

    [Theory, OnSqlite]
    public async Task TL_01_Behind_a_proxy_that_ends_TLS_cookies_are_secure_and_browsers_told_to_stay_on_https(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, ("PublicUrl", Ours));
        var alice = await app.NewActor().SignUpAsync();
        var answer = (await alice.TrySignInAsync()).Expect(HttpStatusCode.OK);
        var cookie = answer.Header("Set-Cookie");
        Assert.StartsWith("__Host-", cookie, StringComparison.Ordinal);
        Assert.All(["; secure", "; httponly", "; path=/", "; samesite=lax"], attribute => Assert.Contains(attribute, cookie, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("domain", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Matches("max-age=[0-9]{8,}", answer.Header("Strict-Transport-Security"));
        Assert.Equal(Ours.TrimEnd('/'), Actor.Claims(alice.AccessToken!).GetProperty("iss").GetString()!.TrimEnd('/'));
    }

    [Fact]
    public void TL_01_Production_does_not_start_without_saying_where_people_reach_it()
    {
        var directory = Directory.CreateTempSubdirectory("cardea-test-");
        var fault = Assert.Throws<Cardea.Foundation.Settings.SettingsException>(() =>
            Cardea.Server.Commands.Serve.Build(["--environment", "Production", $"--Cardea:DataDirectory={directory.FullName}", "--Cardea:Mail:Transport=mailbox"]));
        Assert.Contains("Cardea:PublicUrl", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Cardea:Mail:Transport", fault.Message, StringComparison.Ordinal);
        directory.Delete(recursive: true);
    }
}
