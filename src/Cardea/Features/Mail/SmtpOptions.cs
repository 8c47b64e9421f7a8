using System.Text;

namespace Cardea.Features.Mail;

/// <summary>How a connection to the submission server is protected.</summary>
public enum SmtpSecurity
{
    /// <summary>Clear until <c>STARTTLS</c> (RFC 3207), usually port 587. The mail waits when the server doesn't offer it.</summary>
    StartTls,

    /// <summary>TLS from the first byte (RFC 8314 section 3.3), usually port 465.</summary>
    Tls,

    /// <summary>No TLS: for a relay on the same machine or inside a private network.</summary>
    None,
}

public sealed record SmtpOptions
{
    public required string Host { get; init; }

    public int Port { get; init; } = 587;

    public string? Username { get; init; }

    public string? Password { get; init; }

    public SmtpSecurity Security { get; init; } = SmtpSecurity.StartTls;

    /// <summary>
    /// A PEM file whose certificates replace the machine's trust store, for tests with a certificate authority of their own.
    /// It moves the trust; it can't switch the check off, and no setting reaches it.
    /// </summary>
    internal string? TrustedRootFile { get; init; }

    // A record prints all its members, and options end up in logs.
    private bool PrintMembers(StringBuilder text)
    {
        text.Append(FormattableString.Invariant($"{Host}:{Port}, {Security}, {(string.IsNullOrEmpty(Username) ? "no sign-in" : "signs in")}"));
        return true;
    }
}
