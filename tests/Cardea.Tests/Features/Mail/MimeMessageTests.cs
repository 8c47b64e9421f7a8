using System.Text;
using Cardea.Features.Mail;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Mail;

public sealed class MimeMessageTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Date = new(2026, 3, 1, 9, 5, 7, TimeSpan.FromHours(2));
    private SmtpServer _server = null!;

    public async Task InitializeAsync() => _server = SmtpServer.WhyNot is null ? await SmtpServer.StartAsync() : null!;

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [SmtpFact]
    public async Task Another_parser_reads_what_was_written()
    {
        var text = "Grüße, 山田! 😀 = \t trailing space \n.\n..\nFrom here\n--=_cardea_alternative\n" + new string('ü', 400) + "\n" + new string('x', 3000) + "\n";
        var mail = new RenderedMail("Bestätigen Sie Ihre Adresse, " + new string('ß', 120) + " 😀", text, "<p>Grüße &amp; 😀</p>\n");

        var read = await ThroughAsync("Größe & Söhne <no-reply@example.org>", mail);

        Assert.Equal(mail.Subject, read.Subject);
        Assert.Equal(mail.Text.TrimEnd('\n'), read.Text);
        Assert.Equal(mail.Html.TrimEnd('\n'), read.Html);
        Assert.Equal("Größe & Söhne <no-reply@example.org>", read.Header("From"));
        Assert.Equal("bob@example.org", read.Header("To"));
        Assert.Equal("<01@example.org>", read.Header("Message-ID"));
        Assert.Equal("Sun, 01 Mar 2026 07:05:07 +0000", read.Header("Date"));
        Assert.Equal("auto-generated", read.Header("Auto-Submitted"));
        Assert.Equal("All", read.Header("X-Auto-Response-Suppress"));
        Assert.Empty(read.Defects);
    }

    [SmtpFact]
    public async Task HM_02_Hostile_subjects_and_senders_add_no_header()
    {
        string[] hostile =
        [
            "x\r\nBcc: eve@example.org", "x\nBcc: eve@example.org", "x\rBcc: eve@example.org", "x\r\n\r\n<script>", "x\u2028Bcc: y", "x\u0085Bcc: y", "x\0y",
            "=?utf-8?B?DQpCY2M6IGV2ZUBleGFtcGxlLm9yZw==?=", "=?utf-8?Q?=0D=0ABcc:_eve@example.org?=", "\ud800", "", " ", "\t", new('a', 5000),
        ];
        foreach (var subject in hostile)
        {
            var read = await ThroughAsync("\"A, B; <c@example.net>\" <no-reply@example.org>", new RenderedMail(subject, "t", "h"));

            Assert.Equal(
                ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted", "X-Auto-Response-Suppress", "Content-Type"],
                read.Headers.Select(header => header[0]));
            Assert.Equal(["bob@example.org"], read.To);
            Assert.Equal("t", read.Text);
            Assert.Equal("no-reply@example.org", read.From);
            Assert.DoesNotContain(read.Subject!, c => char.IsControl(c) || c == '\u2028');
            Assert.Empty(read.Defects);
        }
    }

    [Fact]
    public void Lines_are_short_and_everything_is_ASCII()
    {
        var bytes = Render(new RenderedMail(new string('ä', 300), new string('ö', 2000) + "\r\rx\n" + new string(' ', 200), "h"));

        Assert.DoesNotContain(bytes, b => b >= 0x80);
        var text = Encoding.ASCII.GetString(bytes);
        Assert.All(text.Split("\r\n"), line => Assert.True(line.Length <= 76 && !line.Contains('\r') && !line.Contains('\n')));
        Assert.DoesNotContain(text.Split("\r\n"), line => line.EndsWith(' '));
    }

    [Fact]
    public void The_same_mail_has_the_same_bytes() =>
        Assert.Equal(Render(new RenderedMail("s", "t", "h")), Render(new RenderedMail("s", "t", "h")));

    [Theory]
    [InlineData("bob@example.org\r\nBcc: eve@example.org")]
    [InlineData("bob@example.org, eve@example.org")]
    [InlineData("Bob <bob@example.org>")]
    public void HM_02_A_recipient_is_one_plain_address(string to) => Assert.Throws<ArgumentException>(() =>
        MimeMessage.Render("a@example.org", to, new RenderedMail("s", "t", "h"), "1@x", Date));

    [Fact]
    public void HM_02_A_message_id_is_one_plain_word() => Assert.Throws<ArgumentException>(() =>
        MimeMessage.Render("a@example.org", "b@example.org", new RenderedMail("s", "t", "h"), "<1@x>\r\nBcc: eve@example.org", Date));

    private static byte[] Render(RenderedMail mail) => MimeMessage.Render("a@example.org", "b@example.org", mail, "1@x", Date);

    private async Task<ReceivedMail> ThroughAsync(string from, RenderedMail mail)
    {
        var client = new SmtpSubmission(new SmtpOptions { Host = SmtpServer.Host, Port = _server.Port, Security = SmtpSecurity.None });
        await client.SendAsync("no-reply@example.org", "bob@example.org", MimeMessage.Render(from, "bob@example.org", mail, "<01@example.org>", Date), default);
        await _server.CatchUpAsync();
        return _server.Received[^1];
    }
}
