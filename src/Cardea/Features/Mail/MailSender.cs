using System.Diagnostics.CodeAnalysis;

namespace Cardea.Features.Mail;

/// <summary>Who a mail comes from: <c>no-reply@example.org</c> or <c>Example &lt;no-reply@example.org&gt;</c>.</summary>
public sealed record MailSender(string? Name, string Address)
{
    public static bool TryParse(string? text, [NotNullWhen(true)] out MailSender? sender)
    {
        sender = null;
        text = text?.Trim() ?? "";
        var open = text.LastIndexOf('<');
        var name = open < 0 ? "" : text[..open].Trim().Trim('"').Trim();
        var address = open < 0 ? text : text.EndsWith('>') ? text[(open + 1)..^1] : "";
        if (!IsPlainAddress(address) || name.Any(char.IsControl) || name.Length > 100)
        {
            return false;
        }

        sender = new MailSender(name.Length == 0 ? null : name, address);
        return true;
    }

    /// <summary>
    /// One unquoted ASCII addr-spec. Quoted local parts, comments, lists and domain literals are lawful (RFC 5322 section 3.4), and every
    /// parser reads them another way: <c>"a@ours.example\r\nRCPT TO:&lt;b@theirs.example&gt;"@x</c> has been a command before.
    /// </summary>
    public static bool IsPlainAddress([NotNullWhen(true)] string? address)
    {
        var at = address?.IndexOf('@', StringComparison.Ordinal) ?? -1;
        return at is > 0 and <= 64
            && address!.Length is <= 254
            && IsDotAtom(address.AsSpan(0, at), "!#$%&'*+-/=?^_`{|}~")
            && IsDotAtom(address.AsSpan(at + 1), "-");
    }

    private static bool IsDotAtom(ReadOnlySpan<char> text, ReadOnlySpan<char> alsoAllowed)
    {
        var previous = '.';
        foreach (var c in text)
        {
            if (!(char.IsAsciiLetterOrDigit(c) || alsoAllowed.Contains(c) || (c == '.' && previous != '.')))
            {
                return false;
            }

            previous = c;
        }

        return previous != '.';
    }
}
