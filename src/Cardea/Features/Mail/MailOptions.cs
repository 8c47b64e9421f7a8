using Cardea.Foundation.Settings;

namespace Cardea.Features.Mail;

public enum MailTransport
{
    /// <summary>Submission to a mail server.</summary>
    Smtp,

    /// <summary>Kept in the database and read at <c>/dev/mail</c>: for development.</summary>
    Mailbox,

    /// <summary>Mail is thrown away, and everything that depends on it can't be finished.</summary>
    None,
}

public sealed record MailOptions
{
    public MailTransport Transport { get; init; } = MailTransport.Mailbox;

    public string From { get; init; } = "Cardea <no-reply@localhost>";

    /// <summary>A folder with templates in place of the shipped ones, file by file; null for none.</summary>
    public string? TemplatesDirectory { get; init; }

    /// <summary>Set when <see cref="Transport"/> is <see cref="MailTransport.Smtp"/>.</summary>
    public SmtpOptions? Smtp { get; init; }

    internal static MailOptions Read(SettingsReader settings, bool isProduction)
    {
        var given = settings.Text("Mail:Transport");
        var transport = settings.Choice("Mail:Transport", MailTransport.Mailbox, "`smtp`, `mailbox` (kept in the database, read at `/dev/mail`; refused in Production) or `none`; required in Production");
        if (isProduction && (given is null || transport is MailTransport.Mailbox))
        {
            settings.Fault("Mail:Transport", given, "needed in Production is smtp or none");
        }

        var options = new MailOptions
        {
            Transport = transport,
            From = settings.Text("Mail:From", "Cardea <no-reply@localhost>", "the sender of every mail")!,
            TemplatesDirectory = settings.Text("Mail:TemplatesDirectory", meaning: "a folder with mail templates in place of the shipped ones, file by file"),
            Smtp = ReadSmtp(settings, needed: transport is MailTransport.Smtp),
        };
        if (!MailSender.TryParse(options.From, out _))
        {
            settings.Fault("Mail:From", options.From, "allowed is one address, such as no-reply@example.org or Example <no-reply@example.org>");
        }

        return options;
    }

    private static SmtpOptions? ReadSmtp(SettingsReader settings, bool needed)
    {
        var host = settings.Text("Mail:Smtp:Host", meaning: "the mail server that takes our mail");
        if (needed && host is null)
        {
            settings.Fault("Mail:Smtp:Host", host, "needed with Mail:Transport smtp is the name of the mail server");
        }

        var security = ReadSecurity(settings);
        var smtp = new SmtpOptions
        {
            Host = host ?? "",
            Port = settings.Number("Mail:Smtp:Port", security is SmtpSecurity.Tls ? 465 : 587, 1, 65535, "its port; unless given 587, or 465 with `tls`"),
            Username = settings.Text("Mail:Smtp:Username", meaning: "the name to sign in with, when the server asks"),
            Password = settings.Secret("Mail:Smtp:Password", "the password to sign in with"),
            Security = security,
        };
        return needed ? smtp : null;
    }

    /// <summary>The words are the field's, not our enum's.</summary>
    private static SmtpSecurity ReadSecurity(SettingsReader settings)
    {
        var given = settings.Text("Mail:Smtp:Security", "starttls", "`starttls`, `tls` (from the first byte) or `none`")!;
        switch (given.ToLowerInvariant())
        {
            case "starttls": return SmtpSecurity.StartTls;
            case "tls": return SmtpSecurity.Tls;
            case "none": return SmtpSecurity.None;
            default:
                settings.Fault("Mail:Smtp:Security", given, "allowed is starttls, tls or none");
                return SmtpSecurity.StartTls;
        }
    }
}
