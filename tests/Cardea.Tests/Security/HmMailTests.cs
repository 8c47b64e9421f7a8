using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Cardea.Foundation.Data;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Security;

/// <summary>Mail as a mail server gets it from us.</summary>
public sealed class HmMailTests
{
    private static readonly string[] Headers = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Type"];

    internal static (string, string)[] Through(SmtpServer smtp, params (string, string)[] more) =>
        [("Mail:Transport", "smtp"), ("Mail:Smtp:Host", "127.0.0.1"), ("Mail:Smtp:Port", smtp.Port.ToString(CultureInfo.InvariantCulture)), ("Mail:Smtp:Security", "none"), .. more];

    internal static string TokenOf(ReceivedMail mail) => Regex.Match(mail.Text!, "token=([A-Za-z0-9_-]{43})").Groups[1].Value;

    [SmtpTheory, OnSqlite, OnPostgres]
    public async Task HM_02_HM_03_What_a_person_typed_becomes_no_header_no_recipient_no_markup_and_no_link(Engine engine)
    {
        await using var smtp = await SmtpServer.StartAsync();
        await using var app = await TestApp.StartAsync(engine, Through(smtp, ("SignIn:NotifyByMail", "always")));
        string[] names =
        [
            "<b>x</b>", "evil.example", "https://evil.example/login", "www.evil.example", "Click evil.example now", "<a href=\"https://evil.example\">x</a>", "\"><script>alert(1)</script>", "a@evil.example", "evil\u2024example",
            "evil\u3002example", "//evil.example", "{{link_url}}", "{{#code}}evil{{/code}}", "=?utf-8?B?ZXZpbC5leGFtcGxl?=", "x%0d%0aBcc: b@evil.example", "a, b@evil.example", new string('\u00e9', 100), "Zo\u00eb O\u2019Neil-Smith", "<img src=x>",
            "evil.example\u00a0", "[evil](https://evil.example)", "&lt;b&gt;evil", "\ud83d\ude00 evil.example",
        ];
        var actors = new List<Actor>();
        foreach (var name in names)
        {
            var actor = app.NewActor();
            actor.UserAgent = "Mozilla/5.0 (https://evil.example) <b>" + Uri.EscapeDataString(name);
            (await actor.SendAsync(HttpMethod.Post, "/auth/signup", new { email = actor.Email, password = actor.Password, given_name = name, family_name = name })).Expect(HttpStatusCode.Created);
            await actor.SignInAsync();
            (await actor.PostAsync("/password/forgot", new { email = actor.Email })).Expect(HttpStatusCode.Accepted);
            (await actor.PatchAsync("/users/me", new { email = "evil.example-" + actor.Email })).Expect(HttpStatusCode.OK);
            actors.Add(actor);
        }

        await app.PumpAsync();
        await smtp.CatchUpAsync();
        Assert.Equal(actors.Count * 5, smtp.Received.Count);
        Assert.Equal(smtp.Received.Count, smtp.Commands.Count(command => command.Name == "RCPT"));
        foreach (var mail in smtp.Received)
        {
            var to = Assert.Single(mail.To);
            Assert.Contains(actors, actor => to == actor.Email || to == "evil.example-" + actor.Email);
            Assert.Equal(Headers, mail.Headers.Select(header => header[0]));
            Assert.Equal(to, mail.Header("To"));
            Assert.Equal("no-reply@localhost", mail.From);
            Assert.Empty(mail.Defects);
            var text = $"{mail.Subject}\n{mail.Text}\n{mail.Html}";
            Assert.DoesNotMatch(@"(?i)evil[.\u2024\u3002]example|<script|<img|<b>|Bcc\s*:|\{\{", text);
            // Every address in it is ours, as a link or as a text that a program would make one of.
            Assert.All(Regex.Matches(text, "(?i)(https?:)?//[^\\s\"<]+").Select(match => match.Value), link => Assert.StartsWith(app.Address.GetLeftPart(UriPartial.Authority), link, StringComparison.Ordinal));
            Assert.All(Regex.Matches(mail.Html!, "(?i)(href|src|action|background)\\s*=").Select(match => match.Value), attribute => Assert.Equal("href=", attribute));
        }

        // A name that is nothing but a name greets its owner.
        Assert.Contains(smtp.Received, mail => mail.Text!.Contains("Hello Zo\u00eb O\u2019Neil-Smith", StringComparison.Ordinal));
    }

    [SmtpTheory, OnSqlite, OnPostgres]
    public async Task HM_02_Names_with_line_ends_are_refused_and_odd_addresses_are_one_recipient(Engine engine)
    {
        await using var smtp = await SmtpServer.StartAsync();
        await using var app = await TestApp.StartAsync(engine, Through(smtp));
        var actor = app.NewActor();
        foreach (var name in new[] { "a\r\nBcc: b@evil.example", "a\nb", "a\rb", "a\u2028b", "a\u0085b", "a\u0000b", "\u202eevil", "a\tb" })
        {
            (await actor.SendAsync(HttpMethod.Post, "/auth/signup", new { email = actor.Email, password = actor.Password, given_name = name })).ExpectProblem(name, HttpStatusCode.BadRequest);
        }

        // All that a plain local part may hold, of which some has a meaning to a shell, a header or a pattern.
        string[] addresses = ["!#$%&'*+-/=?^_`{|}~@example.org", "a+b@example.org", "a'b@example.org", "a|b@example.org", "a=b@example.org", "-a@example.org", "a%evil@example.org", new string('l', 64) + "@example.org"];
        foreach (var address in addresses)
        {
            (await actor.SendAsync(HttpMethod.Post, "/auth/signup", new { email = address, password = actor.Password })).Expect(HttpStatusCode.Created);
        }

        await app.PumpAsync();
        await smtp.CatchUpAsync();
        Assert.Equal(addresses.Order(), smtp.Received.Select(mail => Assert.Single(mail.To)).Order());
        Assert.All(smtp.Received, mail => Assert.Equal(Headers, mail.Headers.Select(header => header[0])));
    }

    [Theory, OnSqlite, OnPostgres]
    public async Task HM_04_A_hundred_requests_are_answered_alike_and_mail_three_times(Engine engine)
    {
        await using var app = await TestApp.StartAsync(engine, Stranger.Believed);
        using var stranger = new Stranger(app);
        var alice = await app.NewActor().SignUpAsync();
        var sofar = (await app.MailsToAsync(alice.Email)).Count;
        foreach (var path in new[] { "/password/forgot", "/verify/send", "/auth/code/send", "/auth/link/send" })
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => stranger.SendAsync("POST", path, $"{{\"email\":\"{alice.Email}\"}}")));
            Assert.All(answers, answer => answer.Expect(HttpStatusCode.Accepted));
            Assert.Single(answers.Select(answer => answer.Body).Distinct());
            var mails = (await app.MailsToAsync(alice.Email)).Count - sofar;
            Assert.InRange(mails, 1, 3);
            sofar += mails;
            // Not more for spelling it otherwise, and no more than ten in a day however patient somebody is.
            await stranger.SendAsync("POST", path, $"{{\"email\":\"{alice.Email.ToUpperInvariant()}\"}}");
            Assert.Equal(sofar, (await app.MailsToAsync(alice.Email)).Count);
            for (var hour = 0; hour < 6; hour++)
            {
                app.Clock.Advance(TimeSpan.FromMinutes(61));
                for (var time = 0; time < 4; time++)
                {
                    (await stranger.SendAsync("POST", path, $"{{\"email\":\"{alice.Email}\"}}")).Expect(HttpStatusCode.Accepted);
                }

                await app.PumpAsync();
            }

            var day = (await app.MailsToAsync(alice.Email)).Count - sofar;
            Assert.InRange(day + mails, 4, 10);
            sofar += day;
        }
    }

    [SmtpTheory, OnSqlite, OnPostgres]
    public async Task HM_05_Two_nodes_send_each_mail_once_and_what_was_refused_mails_nobody(Engine engine)
    {
        await using var smtp = await SmtpServer.StartAsync();
        await using var app = await TestApp.StartAsync(engine, Through(smtp));
        await using var node = await app.StartNodeAsync(Through(smtp));
        var actors = Enumerable.Range(0, 16).Select(_ => app.NewActor()).ToList();
        await Task.WhenAll(actors.Select(actor => actor.SignUpAsync()));
        (await actors[0].TrySignUpAsync()).Expect(HttpStatusCode.Conflict);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(number => (number % 2 == 0 ? app : node).PumpAsync()));
        await app.PumpAsync();
        await smtp.CatchUpAsync();
        Assert.Equal(actors.Select(actor => actor.Email).Order(), smtp.Received.SelectMany(mail => mail.To).Order());
        Assert.Equal(actors.Count, smtp.Received.Select(mail => mail.Header("Message-ID")).Distinct().Count());
    }

    [SmtpTheory, OnSqlite("no STARTTLS"), OnSqlite("a certificate nobody knows")]
    public async Task TL_02_Without_a_connection_that_can_be_trusted_no_credentials_and_no_mail_leave(Engine engine, string what)
    {
        await using var smtp = await SmtpServer.StartAsync();
        await smtp.SetAsync(new() { NoStarttls = what == "no STARTTLS" });
        await using var app = await TestApp.StartAsync(engine, Through(smtp, ("Mail:Smtp:Security", "starttls"), ("Mail:Smtp:Username", SmtpServer.Username), ("Mail:Smtp:Password", SmtpServer.Password)));
        await app.NewActor().SignUpAsync();
        await app.PumpAsync();
        await smtp.CatchUpAsync();
        Assert.Contains(smtp.Commands, command => command.Name == "EHLO");
        Assert.DoesNotContain(smtp.Commands, command => command.Name is "AUTH" or "MAIL" or "RCPT" or "DATA");
        Assert.Equal(("queued", true), await app.Database.ScalarAsync<(string, bool)>("SELECT state, last_error IS NOT NULL FROM outbox"));
        Assert.DoesNotContain(SmtpServer.Password, app.Logs.Text, StringComparison.Ordinal);
    }
}
