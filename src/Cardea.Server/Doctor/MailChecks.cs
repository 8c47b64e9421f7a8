using Cardea.Features.Mail;
using Cardea.Foundation.Data;

namespace Cardea.Server.Doctor;

/// <summary>Whether mail goes out: a conversation with the mail server that mails nothing, and what lies in the outbox.</summary>
internal static class MailChecks
{
    private static readonly TimeSpan Lately = TimeSpan.FromDays(7);

    public static async Task RunAsync(Report report, MailOptions options)
    {
        switch (options.Transport)
        {
            case MailTransport.None:
                report.Note("mail", "Cardea:Mail:Transport is none: mail is thrown away.", "Nobody can confirm an address or get back a lost password. Set it to smtp.");
                break;
            case MailTransport.Mailbox:
                report.Ok("mail", "kept in the database, at /dev/mail");
                break;
            default:
                await ProbeAsync(report, options.Smtp!);
                break;
        }
    }

    public static async Task RunOutboxAsync(Report report, IServiceProvider services)
    {
        var since = services.GetRequiredService<TimeProvider>().Milliseconds() - (long)Lately.TotalMilliseconds;
        var (count, error) = await services.GetRequiredService<Database>().ReadAsync(scope => services.GetRequiredService<OutboxStore>().CountTroubledAsync(scope, since));
        if (count > 0)
        {
            report.Fault("outbox", $"{count} mails did not go out in the last week. The last reason: {error ?? "none was given"}", "Mend what it says; mail that waits goes out by itself then. Who asked for parked mail must ask again.");
        }
    }

    private static async Task ProbeAsync(Report report, SmtpOptions options)
    {
        try
        {
            var probe = await new SmtpSubmission(options) { StepLimit = TimeSpan.FromSeconds(10) }.ProbeAsync(CancellationToken.None);
            report.Ok("mail", $"{options.Host}:{options.Port} answers, {(probe.Tls is { } tls ? $"with {tls}" : "without TLS")}, {(probe.SignIn is null ? "no sign-in asked for" : "the sign-in is accepted")}");
        }
        catch (SmtpFailure failure)
        {
            report.Fault("mail", failure.Message, Todo(failure.Message));
        }
    }

    private static string Todo(string failure) =>
        failure.Contains("STARTTLS", StringComparison.Ordinal) ? "Take the port for submission, usually 587, or Cardea:Mail:Smtp:Security=tls with port 465. Only for a relay on this machine: none."
        : failure.Contains("AUTH", StringComparison.Ordinal) ? "Check Cardea:Mail:Smtp:Username and :Password (or :PasswordFile). Many providers want a password made for apps."
        : failure.Contains("TLS", StringComparison.Ordinal) ? "Its certificate must be valid for Cardea:Mail:Smtp:Host and come from an authority that this machine trusts. Port 465 needs Security=tls, 587 needs starttls."
        : "Check Cardea:Mail:Smtp:Host and :Port, and whether a firewall lets this machine out to it: openssl s_client -starttls smtp -connect HOST:PORT";
}
