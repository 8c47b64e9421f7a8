using System.Security.Authentication;
using System.Text;
using Cardea.Features.Mail;
using Cardea.Tests.Harness;

namespace Cardea.Tests.Features.Mail;

public sealed partial class SmtpSubmissionTests : IAsyncLifetime
{
    private static readonly byte[] Message = "Subject: x\r\n\r\nsecret-link-4711\r\n.\r\n..two\r\n"u8.ToArray();
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
    public async Task A_mail_goes_out_over_STARTTLS_with_a_sign_in()
    {
        await SendAsync(Client());

        var mail = await _server.WaitForAsync(mail => mail.To is ["bob@example.org"]);
        Assert.Equal("no-reply@example.org", mail.From);
        Assert.True(mail.Tls);
        Assert.Equal(SmtpServer.Username, mail.SignedInAs);
        Assert.Equal(Message, mail.Raw);
        Assert.Equal("[127.0.0.1]", mail.Hello);
        Assert.Equal(["PLAIN"], _server.SignIns);
        Assert.Equal(["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"], _server.Commands.Take(7).Select(command => command.Name));
    }

    [SmtpFact]
    public async Task A_mail_goes_out_over_implicit_TLS()
    {
        await SendAsync(Client(SmtpSecurity.Tls));

        var mail = await _server.WaitForAsync(mail => mail.To is ["bob@example.org"]);
        Assert.True(mail.Tls);
        Assert.DoesNotContain(_server.Commands, command => command.Name == "STARTTLS");
    }

    [SmtpFact]
    public async Task Without_a_user_name_nothing_signs_in()
    {
        await SendAsync(Client(SmtpSecurity.None, username: null));

        var mail = await _server.WaitForAsync(_ => true);
        Assert.False(mail.Tls);
        Assert.Null(mail.SignedInAs);
        Assert.DoesNotContain(_server.Commands, command => command.Name == "AUTH");
    }

    [SmtpFact]
    public async Task A_server_with_LOGIN_alone_is_signed_in_to()
    {
        await _server.SetAsync(new SmtpFaults { Mechanisms = ["LOGIN"] });

        await SendAsync(Client());

        await _server.CatchUpAsync();
        Assert.Equal(["LOGIN"], _server.SignIns);
    }

    [SmtpFact]
    public async Task A_server_with_PLAIN_alone_is_signed_in_to()
    {
        await _server.SetAsync(new SmtpFaults { Mechanisms = ["PLAIN"] });

        await SendAsync(Client());

        await _server.CatchUpAsync();
        Assert.Equal(["PLAIN"], _server.SignIns);
    }

    [SmtpFact]
    public async Task A_server_with_neither_PLAIN_nor_LOGIN_gets_no_mail()
    {
        await _server.SetAsync(new SmtpFaults { Mechanisms = ["CRAM-MD5"] });

        var failure = await FailAsync(Client());

        Assert.False(failure.IsPermanent);
        Assert.Contains("AUTH PLAIN", failure.Message, StringComparison.Ordinal);
        await _server.CatchUpAsync();
        Assert.Empty(_server.Received);
    }

    [SmtpFact]
    public async Task TL_02_Without_STARTTLS_no_credentials_and_no_mail_are_sent()
    {
        await _server.SetAsync(new SmtpFaults { NoStarttls = true });

        var failure = await FailAsync(Client());

        Assert.Contains("STARTTLS", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.IsPermanent);
        await _server.CatchUpAsync();
        Assert.Equal(["EHLO", "QUIT"], _server.Commands.Select(command => command.Name));
    }

    [SmtpFact]
    public async Task TL_02_A_server_that_refuses_STARTTLS_gets_nothing()
    {
        await _server.SetAsync(new SmtpFaults { Replies = new() { ["STARTTLS"] = "454 4.7.0 TLS not available" } });

        var failure = await FailAsync(Client());

        Assert.Equal(454, failure.ReplyCode);
        await _server.CatchUpAsync();
        Assert.Equal(["EHLO", "STARTTLS", "QUIT"], _server.Commands.Select(command => command.Name));
    }

    [SmtpFact]
    public async Task TL_02_A_certificate_of_an_unknown_authority_is_refused()
    {
        foreach (var security in new[] { SmtpSecurity.StartTls, SmtpSecurity.Tls })
        {
            var failure = await FailAsync(Client(security, trusted: false));

            Assert.Contains("TLS", failure.Message, StringComparison.Ordinal);
            Assert.False(failure.IsPermanent);
        }

        await _server.CatchUpAsync();
        Assert.DoesNotContain(_server.Commands, command => command.Name is "AUTH" or "MAIL");
    }

    [SmtpFact]
    public async Task TL_02_A_certificate_for_another_host_is_refused()
    {
        await using var other = await SmtpServer.StartAsync(certificateFor: "elsewhere.example");
        foreach (var security in new[] { SmtpSecurity.StartTls, SmtpSecurity.Tls })
        {
            var failure = await FailAsync(Client(security, of: other));

            Assert.Contains("RemoteCertificateNameMismatch", failure.Message, StringComparison.Ordinal);
        }

        await other.CatchUpAsync();
        Assert.DoesNotContain(other.Commands, command => command.Name is "AUTH" or "MAIL");
    }

    [SmtpFact]
    public async Task TL_02_TLS_older_than_1_2_is_refused()
    {
        await using var old = await SmtpServer.StartAsync(tlsMaximum: "1.1");

        var failure = await FailAsync(Client(SmtpSecurity.Tls, of: old));

        Assert.Contains("TLS", failure.Message, StringComparison.Ordinal);
        await old.CatchUpAsync();
        Assert.Empty(old.Commands);
    }

    [Fact]
    public async Task TL_02_Replies_slipped_in_before_the_handshake_are_refused()
    {
        using var attacker = new ScriptedSmtp("220 hi\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n250 injected\r\n", "");

        var failure = await FailAsync(Client(port: attacker.Port));

        Assert.Contains("before the handshake", failure.Message, StringComparison.Ordinal);
        Assert.Equal(["STARTTLS"], attacker.Heard.Skip(1));
    }

    [SmtpFact]
    public async Task A_wrong_password_is_transient_and_told_without_it()
    {
        var failure = await FailAsync(Client(password: "battery staple"));

        Assert.Equal(535, failure.ReplyCode);
        Assert.False(failure.IsPermanent);
        Assert.DoesNotContain("staple", failure.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes("\0mailer\0battery staple")), failure.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("staple", new SmtpOptions { Host = "h", Password = "battery staple" }.ToString(), StringComparison.Ordinal);
    }

    [SmtpFact]
    public async Task A_password_too_long_for_one_command_is_sent_behind_it()
    {
        // RFC 4954 section 4. The server refuses it as a wrong one, not as a broken command.
        var failure = await FailAsync(Client(password: new string('p', 400)));

        Assert.Equal(535, failure.ReplyCode);
    }

    [SmtpFact]
    public async Task A_refused_recipient_is_permanent_and_one_put_off_is_not()
    {
        await _server.SetAsync(new SmtpFaults
        {
            Replies = new()
            {
                ["RCPT nobody@example.org"] = "550 5.1.1 no such user",
                ["RCPT later@example.org"] = "451 4.7.1 greylisted",
                ["RCPT full@example.org"] = "552 5.2.2 too many recipients",
                ["RCPT auth@example.org"] = "530 5.7.0 sign in first",
            },
        });

        var gone = await FailAsync(Client(), "nobody@example.org");
        Assert.True(gone.IsPermanent);
        Assert.Equal(550, gone.ReplyCode);
        Assert.Equal($"Mail server localhost:{_server.Port}: RCPT TO was refused: 550 5.1.1 no such user.", gone.Message);
        foreach (var to in new[] { "later", "full", "auth" })
        {
            Assert.False((await FailAsync(Client(), $"{to}@example.org")).IsPermanent, to);
        }

        await SendAsync(Client());
    }

    [SmtpFact]
    public async Task A_refused_sender_is_the_operators_to_mend_and_so_transient()
    {
        await _server.SetAsync(new SmtpFaults { Replies = new() { ["MAIL"] = "553 5.7.1 sender not owned" } });

        Assert.False((await FailAsync(Client())).IsPermanent);
    }

    [SmtpFact]
    public async Task A_refused_message_is_permanent_and_the_answer_is_not_quoted()
    {
        await _server.SetAsync(new SmtpFaults { Replies = new() { ["."] = "554 5.7.1 spam: contains secret-link-4711" } });

        var failure = await FailAsync(Client());

        Assert.True(failure.IsPermanent);
        Assert.EndsWith("refused: 554 5.7.1.", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("4711", failure.ToString(), StringComparison.Ordinal);
    }

    [SmtpFact]
    public async Task A_connection_cut_anywhere_is_transient()
    {
        foreach (var point in new[] { "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "." })
        {
            await _server.SetAsync(new SmtpFaults { DropAt = point });

            var failure = await FailAsync(Client());

            Assert.False(failure.IsPermanent, point);
            Assert.Null(failure.ReplyCode);
        }
    }

    [SmtpFact]
    public async Task A_silent_server_is_given_up()
    {
        foreach (var (point, security) in new[] { ("EHLO", SmtpSecurity.StartTls), ("RCPT", SmtpSecurity.Tls), (".", SmtpSecurity.StartTls) })
        {
            await _server.SetAsync(new SmtpFaults { SilentAt = point });
            var client = Client(security, stepLimit: TimeSpan.FromSeconds(1), overallLimit: TimeSpan.FromSeconds(2));

            var failure = await FailAsync(client);

            Assert.Contains("no answer in time", failure.Message, StringComparison.Ordinal);
            Assert.False(failure.IsPermanent);
        }
    }

    [SmtpFact]
    public async Task The_callers_cancellation_is_a_cancellation()
    {
        await _server.SetAsync(new SmtpFaults { SilentAt = "MAIL" });
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Client().SendAsync("no-reply@example.org", "bob@example.org", Message, stop.Token));
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_transient()
    {
        int port;
        using (var gone = new ScriptedSmtp())
        {
            port = gone.Port;
        }

        var failure = await FailAsync(Client(port: port));

        Assert.False(failure.IsPermanent);
        Assert.StartsWith($"Mail server localhost:{port}: connecting:", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    [InlineData("22\r\n")]
    [InlineData("220hi\r\n")]
    [InlineData("999 hi\r\n")]
    [InlineData("220-hi\r\n550 no\r\n")]
    [InlineData("220 a\nb\r\n")]
    [InlineData("220-endless\r\n", 200)]
    [InlineData("220 x", 600)]
    public async Task What_is_not_an_SMTP_reply_ends_the_conversation(string greeting, int times = 1)
    {
        using var odd = new ScriptedSmtp(string.Concat(Enumerable.Repeat(greeting, times)));

        var failure = await FailAsync(Client(port: odd.Port));

        Assert.False(failure.IsPermanent);
        Assert.Empty(odd.Heard);
    }

    [SmtpFact]
    public async Task The_probe_tells_what_it_found_and_mails_nothing()
    {
        var probe = await Client().ProbeAsync(default);

        Assert.Equal("PLAIN", probe.SignIn);
        Assert.True(probe.Tls is SslProtocols.Tls12 or SslProtocols.Tls13);
        Assert.Equal(new SmtpProbe(null, null), await Client(SmtpSecurity.None, username: null).ProbeAsync(default));
        await _server.CatchUpAsync();
        Assert.DoesNotContain(_server.Commands, command => command.Name == "MAIL");
        await Assert.ThrowsAsync<SmtpFailure>(() => Client(password: "wrong").ProbeAsync(default));
    }

    [SmtpFact]
    public async Task Twenty_at_once_all_arrive_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => SendAsync(Client(), $"user{i}@example.org")));

        await _server.CatchUpAsync();
        Assert.Equal(20, _server.Received.Select(mail => mail.To.Single()).Distinct().Count());
        Assert.Equal(20, _server.Received.Count);
    }

    private SmtpSubmission Client(
        SmtpSecurity security = SmtpSecurity.StartTls,
        string? username = SmtpServer.Username,
        string password = SmtpServer.Password,
        bool trusted = true,
        int? port = null,
        SmtpServer? of = null,
        TimeSpan? stepLimit = null,
        TimeSpan? overallLimit = null)
    {
        of ??= _server;
        var options = new SmtpOptions
        {
            Host = SmtpServer.Host,
            Port = port ?? (security is SmtpSecurity.Tls ? of.TlsPort : of.Port),
            Security = security,
            Username = username,
            Password = password,
            TrustedRootFile = trusted && port is null ? of.CaFile : null,
        };
        return new SmtpSubmission(options)
        {
            StepLimit = stepLimit ?? TimeSpan.FromSeconds(15),
            OverallLimit = overallLimit ?? TimeSpan.FromSeconds(60),
        };
    }

    private static Task SendAsync(SmtpSubmission client, string to = "bob@example.org") =>
        client.SendAsync("no-reply@example.org", to, Message, default);

    private static Task<SmtpFailure> FailAsync(SmtpSubmission client, string to = "bob@example.org") =>
        Assert.ThrowsAsync<SmtpFailure>(() => SendAsync(client, to));
}
