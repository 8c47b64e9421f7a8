using System.Net;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;
using Cardea.Tests.Security;

namespace Cardea.Tests.Features.MagicLinks;

/// <summary>Signing in by a mailed link.</summary>
public sealed class MagicLinkTests
{
    [Theory, OnSqlite, OnPostgres]
    public async Task A_mailed_link_signs_in_once_within_a_quarter_of_an_hour(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await app.NewActor("alice").SignUpAsync();
        var link = await app.LinkAsync(alice);
        app.Clock.Advance(TimeSpan.FromMinutes(14));
        var tokens = (await alice.TryLinkAsync(link)).Expect(HttpStatusCode.OK);
        Assert.Equal(["otp"], Mailed.Amr(tokens));
        Assert.True(tokens.Json.GetProperty("user").GetProperty("is_verified").GetBoolean());
        (await alice.TryLinkAsync(link)).Expect(HttpStatusCode.Unauthorized, "invalid_token");

        var (older, newer) = (await app.LinkAsync(alice), await app.LinkAsync(alice));
        (await alice.TryLinkAsync(older)).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        app.Clock.Advance(TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(1));
        (await alice.TryLinkAsync(newer)).Expect(HttpStatusCode.Unauthorized, "invalid_token");
        (await alice.PostAsync("/auth/link/login", new { token = "" })).Expect(HttpStatusCode.BadRequest, "validation_failed");
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task OT_09_Opening_the_link_consumes_nothing_and_one_click_signs_in_wherever_it_is_opened(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine);
        var alice = await (await app.NewActor("alice").SignUpAsync()).VerifyAsync();
        var (desk, phone) = (new PageActor(app), new PageActor(app) { UserAgent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1" });
        var sent = (await desk.PostAsync("/login/link/send", ("email", alice.Email))).Expect(HttpStatusCode.OK);
        Assert.Contains("Look into your mailbox", sent.Html, StringComparison.Ordinal);
        var mail = await app.MailOfAsync(alice.Email, "Your link to sign in");
        Assert.Contains("Firefox on Linux", mail.Text, StringComparison.Ordinal);
        var path = new Uri(mail.Links.Single()).PathAndQuery;
        for (var time = 0; time < 10; time++)
        {
            await new PageActor(app).GetAsync(path);
            await phone.SendAsync(HttpMethod.Head, path);
            await alice.SendAsync(HttpMethod.Options, path);
        }

        var page = (await phone.GetAsync(path)).Expect(HttpStatusCode.OK);
        Assert.Contains("Firefox on Linux", page.Html, StringComparison.Ordinal); // from where it was asked for
        Assert.Contains("127.0.0.1", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(alice.Email, page.Html, StringComparison.Ordinal);
        Assert.Equal("no-referrer", page.Answer.Header("Referrer-Policy"));
        Assert.Equal(0, await app.Database.ScalarAsync<long>("SELECT count(*) FROM sessions"));
        var done = (await phone.PostAsync("/login/link", page.Token, [("token", page.ValueOf("token")!)])).Expect(HttpStatusCode.SeeOther);
        Assert.Equal("/dashboard", done.Location);
        Assert.True(await phone.IsSignedInAsync());

        var again = (await desk.PostAsync("/login/link", ("token", mail.Token))).Expect(HttpStatusCode.Unauthorized);
        Assert.Contains("This link is not valid", again.Html, StringComparison.Ordinal);
        Assert.NotNull(again.ValueOf("email")); // and the way to a new one
        Assert.Contains("This link is not valid", (await desk.GetAsync(path)).Html, StringComparison.Ordinal);
        Assert.Null(desk.Session);
    }

    [Theory, OnSqlite]
    public async Task OT_10_No_token_of_a_link_is_in_a_header_a_log_or_the_database(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, (":Logging:LogLevel:Default", "Trace"), (":Logging:LogLevel:Microsoft", "Trace"));
        var alice = await (await (await app.NewActor("alice").SignUpAsync()).VerifyAsync()).SignInAsync();
        (await alice.PatchAsync("/users/me", new { email = "new-" + alice.Email })).Expect(HttpStatusCode.OK);
        await app.LinkAsync(alice);
        await app.NewActor("elsewhere").TrySignInAsync(alice.Password, login: alice.Email);
        var mails = (await app.MailsToAsync(alice.Email)).Where(mail => mail.Links.Count == 1 && !mail.Links[0].Contains("/verify-email", StringComparison.Ordinal)).ToList();
        Assert.Equal(["/login/link", "/not-me", "/undo-email-change"], mails.Select(mail => new Uri(mail.Links[0]).AbsolutePath).Order());
        await app.Database.ExecuteAsync("DELETE FROM mailbox");
        foreach (var mail in mails)
        {
            var page = (await new PageActor(app).GetAsync(new Uri(mail.Links[0]).PathAndQuery)).Expect(HttpStatusCode.OK);
            Assert.Equal("no-referrer", page.Answer.Header("Referrer-Policy"));
            Assert.All(page.Answer.Headers.Values.SelectMany(values => values), value => Assert.DoesNotContain(mail.Token, value, StringComparison.Ordinal));
            Assert.Equal(mail.Token, page.ValueOf("token"));
            Assert.DoesNotContain(mail.Token, app.Logs.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(mail.Token, await app.DumpAsync(), StringComparison.Ordinal);
        }
    }
}
