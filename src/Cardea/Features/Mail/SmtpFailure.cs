namespace Cardea.Features.Mail;

/// <summary>
/// A mail was not handed over. The message is written for the operator: it names the server and the step, and holds neither
/// credentials nor anything of the mail's text.
/// </summary>
#pragma warning disable CA1710 // Named for what it is to its catcher: a delivery's ordinary bad end.
public sealed class SmtpFailure(string message, int? replyCode = null, bool isPermanent = false, Exception? inner = null)
    : Exception(message, inner)
#pragma warning restore CA1710
{
    public int? ReplyCode { get; } = replyCode;

    /// <summary>Trying this mail again can't help. What trying again later (or another setting) may mend is not permanent.</summary>
    public bool IsPermanent { get; } = isPermanent;
}
