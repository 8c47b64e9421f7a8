using System.Security.Authentication;
using System.Text;

namespace Cardea.Features.Mail;

/// <summary>What a trial conversation found: nothing was mailed.</summary>
/// <param name="Tls">The TLS version in force; null without TLS.</param>
/// <param name="SignIn">The AUTH mechanism that was accepted; null when no user name is configured.</param>
public sealed record SmtpProbe(SslProtocols? Tls, string? SignIn);

/// <summary>
/// Message submission (RFC 6409) by SMTP (RFC 5321), one conversation for each mail. With <see cref="SmtpSecurity.StartTls"/> and
/// <see cref="SmtpSecurity.Tls"/> neither credentials nor a mail ever leave over a connection that isn't encrypted to the named host:
/// an attacker who strips STARTTLS from the greeting stops the mail, and that is all (TL-02).
/// </summary>
public sealed class SmtpSubmission(SmtpOptions options)
{
    // RFC 4954 section 4: an initial response only when the command stays within 512 octets, CRLF included.
    private const int LongestCommand = 510;

    internal TimeSpan StepLimit { get; init; } = TimeSpan.FromSeconds(30);

    internal TimeSpan OverallLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Hands one mail over. A lost connection after the last byte leaves open whether the server took it; it is reported as
    /// transient, so the same message (with the same Message-ID) may arrive twice, but is never lost.
    /// </summary>
    /// <exception cref="SmtpFailure">The server didn't take it.</exception>
    public async Task SendAsync(string envelopeFrom, string envelopeTo, byte[] message, CancellationToken cancellation)
    {
        if (!MailSender.IsPlainAddress(envelopeFrom) || !MailSender.IsPlainAddress(envelopeTo))
        {
            throw new SmtpFailure("The sender or the recipient is not one plain ASCII address.", isPermanent: true);
        }

        var data = SmtpData.Stuff(message);
        await using var connection = new SmtpConnection(options, StepLimit, OverallLimit, cancellation);
        await ConverseAsync(connection, async () =>
        {
            await OpenAsync(connection);
            Expect(2, "MAIL FROM", await connection.CommandAsync("MAIL FROM", $"MAIL FROM:<{envelopeFrom}>"), connection);
            Expect(2, "RCPT TO", await connection.CommandAsync("RCPT TO", $"RCPT TO:<{envelopeTo}>"), connection, aboutThisMail: true);
            Expect(3, "DATA", await connection.CommandAsync("DATA", "DATA"), connection, aboutThisMail: true);

            // A filter's answer may quote the mail, and with it the link or the code inside. Only the status goes further.
            Expect(2, "the message", await connection.SendDataAsync(data), connection, aboutThisMail: true, mayQuote: false);
            return true;
        });
    }

    /// <summary>Connects, encrypts, signs in and leaves, to tell an operator whether the settings work.</summary>
    /// <exception cref="SmtpFailure">They don't.</exception>
    public async Task<SmtpProbe> ProbeAsync(CancellationToken cancellation)
    {
        await using var connection = new SmtpConnection(options, StepLimit, OverallLimit, cancellation);
        return await ConverseAsync(connection, async () => new SmtpProbe(SignIn: await OpenAsync(connection), Tls: connection.Tls));
    }

    private static async Task<T> ConverseAsync<T>(SmtpConnection connection, Func<Task<T>> talk)
    {
        try
        {
            return await talk();
        }
        finally
        {
            await connection.QuitAsync();
        }
    }

    private async Task<string?> OpenAsync(SmtpConnection connection)
    {
        await connection.ConnectAsync();
        if (options.Security is SmtpSecurity.Tls)
        {
            await connection.StartTlsAsync();
        }

        Expect(2, "the greeting", await connection.ReadReplyAsync("the greeting"), connection);
        var hello = await HelloAsync(connection);
        if (options.Security is SmtpSecurity.StartTls)
        {
            if (hello.Extension("STARTTLS") is null)
            {
                throw connection.Failure("it offers no STARTTLS, so nothing was sent (Cardea:Mail:Smtp:Security is starttls)");
            }

            Expect(2, "STARTTLS", await connection.CommandAsync("STARTTLS", "STARTTLS"), connection);
            await connection.StartTlsAsync();

            // RFC 3207 section 4.2: forget what was said in clear and ask again.
            hello = await HelloAsync(connection);
        }

        return string.IsNullOrEmpty(options.Username) ? null : await SignInAsync(connection, hello, options.Username, options.Password ?? "");
    }

    private static async Task<SmtpReply> HelloAsync(SmtpConnection connection)
    {
        var hello = await connection.CommandAsync("EHLO", $"EHLO {connection.OwnName}");
        Expect(2, "EHLO", hello, connection);
        return hello;
    }

    private static async Task<string> SignInAsync(SmtpConnection connection, SmtpReply hello, string username, string password)
    {
        if (username.Contains('\0', StringComparison.Ordinal) || password.Contains('\0', StringComparison.Ordinal))
        {
            throw connection.Failure("the user name or password holds a NUL character");
        }

        var offered = hello.Extension("AUTH") ?? [];
        if (offered.Contains("PLAIN", StringComparer.OrdinalIgnoreCase))
        {
            // RFC 4616: authorization identity (none), NUL, user name, NUL, password.
            var response = Base64($"\0{username}\0{password}");
            var command = $"AUTH PLAIN {response}";
            await (command.Length <= LongestCommand
                ? SayAsync(connection, [command])
                : SayAsync(connection, ["AUTH PLAIN", response]));
            return "PLAIN";
        }

        if (offered.Contains("LOGIN", StringComparer.OrdinalIgnoreCase))
        {
            await SayAsync(connection, ["AUTH LOGIN", Base64(username), Base64(password)]);
            return "LOGIN";
        }

        throw connection.Failure("a user name is configured, but it offers neither AUTH PLAIN nor AUTH LOGIN");
    }

    private static async Task SayAsync(SmtpConnection connection, IReadOnlyList<string> lines)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            // 334 asks for the next line, 235 ends it. A server could echo what it was given: only the status is kept.
            var reply = await connection.CommandAsync("AUTH", lines[i]);
            Expect(i < lines.Count - 1 ? 3 : 2, "AUTH", reply, connection, mayQuote: false);
        }
    }

    private static void Expect(
        int kind, string step, SmtpReply reply, SmtpConnection connection, bool aboutThisMail = false, bool mayQuote = true)
    {
        if (reply.Code / 100 != kind)
        {
            throw connection.Failure(
                $"{step} was refused: {(mayQuote ? reply.Quote : reply.Status)}", reply.Code, aboutThisMail && IsFinal(step, reply.Code));
        }
    }

    // 530 asks for a sign-in (RFC 4954 section 6), which is the operator's to mend. 552 to RCPT means 452 (RFC 5321 section 4.5.3.1.10).
    private static bool IsFinal(string step, int code) =>
        code is >= 500 and not 530 && !(code is 552 && step is "RCPT TO");

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
