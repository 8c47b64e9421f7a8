namespace Cardea.Features.Mail;

/// <summary>A rendered mail on its way. The links to Cardea, the one that it is about first, and the code are what the mailbox shows beside it.</summary>
public sealed record OutgoingMail(string Id, string Recipient, RenderedMail Rendered, IReadOnlyList<string> Links, string? Code, DateTimeOffset At)
{
    public override string ToString() => "[mail]";
}

public interface IMailTransport
{
    /// <exception cref="SmtpFailure">It was not taken; the failure says whether another try can help.</exception>
    Task SendAsync(OutgoingMail mail, CancellationToken cancellation);
}

internal sealed class SmtpTransport(SmtpSubmission submission, MailOptions options) : IMailTransport
{
    private readonly MailSender _sender = MailSender.TryParse(options.From, out var sender) ? sender : throw new ArgumentException("The sender is checked at start.", nameof(options));

    public Task SendAsync(OutgoingMail mail, CancellationToken cancellation)
    {
        var domain = _sender.Address[(_sender.Address.LastIndexOf('@') + 1)..];
        // The id is the outbox row's: a mail that goes out twice after a crash can be told by its readers' programs.
        return submission.SendAsync(_sender.Address, mail.Recipient, MimeMessage.Render(options.From, mail.Recipient, mail.Rendered, $"<{mail.Id}@{domain}>", mail.At), cancellation);
    }
}

internal sealed class NoTransport : IMailTransport
{
    public Task SendAsync(OutgoingMail mail, CancellationToken cancellation) => Task.CompletedTask;
}
