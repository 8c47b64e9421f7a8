using System.Globalization;
using System.Text;

namespace Cardea.Features.Mail;

/// <summary>What the reader sees. The HTML says the same as the text.</summary>
public sealed record RenderedMail(string Subject, string Text, string Html)
{
    public override string ToString() => "[mail]";
}

/// <summary>
/// Writes an Internet message (RFC 5322) of two alternatives, text and HTML (RFC 2046 section 5.1.4), in 7-bit ASCII with CRLF lines.
/// The same input gives the same bytes, so a mail that is tried again is the same mail.
/// </summary>
public static class MimeMessage
{
    // In quoted-printable "=" is followed by two hexadecimal digits or a line end, so "=_" is in no body (RFC 2045 section 6.7).
    private const string Boundary = "=_cardea_alternative";

    // A line with an encoded word has at most 76 characters (RFC 2047 section 2): 39 bytes are 52 in base64, plus 12 around them
    // and "Subject: " before.
    private const int BytesInEncodedWord = 39;

    /// <param name="from">As the setting has it; see <see cref="MailSender"/>.</param>
    /// <param name="to">One plain address.</param>
    /// <param name="mail">The text and its HTML alternative.</param>
    /// <param name="messageId"><c>left@right</c>, with or without angle brackets.</param>
    /// <param name="date">When it was written.</param>
    public static byte[] Render(string from, string to, RenderedMail mail, string messageId, DateTimeOffset date)
    {
        if (!MailSender.TryParse(from, out var sender))
        {
            throw new ArgumentException("Not a sender.", nameof(from));
        }

        var id = messageId.Trim('<', '>');
        if (!MailSender.IsPlainAddress(to) || !MailSender.IsPlainAddress(id))
        {
            throw new ArgumentException("Not one plain address.", MailSender.IsPlainAddress(to) ? nameof(messageId) : nameof(to));
        }

        var text = new StringBuilder();
        void Line(string line) => text.Append(line).Append("\r\n");
        Line($"From: {Mailbox(sender)}");
        Line($"To: {to}");
        Line($"Subject: {Unstructured(mail.Subject)}");
        Line($"Date: {date.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture)} +0000");
        Line($"Message-ID: <{id}>");
        Line("MIME-Version: 1.0");

        // RFC 3834 section 5 and its Exchange twin: no out-of-office answers, which could loop and tell that an address is read.
        Line("Auto-Submitted: auto-generated");
        Line("X-Auto-Response-Suppress: All");
        Line($"Content-Type: multipart/alternative; boundary=\"{Boundary}\"");
        Line("");
        foreach (var (type, body) in new[] { ("text/plain", mail.Text), ("text/html", mail.Html) })
        {
            Line($"--{Boundary}");
            Line($"Content-Type: {type}; charset=utf-8");
            Line("Content-Transfer-Encoding: quoted-printable");
            Line("");
            QuotedPrintable.Write(text, body);
        }

        Line($"--{Boundary}--");
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static string Mailbox(MailSender sender) => sender.Name switch
    {
        null => sender.Address,
        { } name when IsPlain(name) && !name.AsSpan().ContainsAny('"', '\\') => $"\"{name}\" <{sender.Address}>",
        { } name => $"{EncodedWords(name)}\r\n <{sender.Address}>",
    };

    private static string Unstructured(string text) => IsPlain(text) ? text : EncodedWords(text);

    // "=?" in clear would be read as an encoded word.
    private static bool IsPlain(string text) =>
        text.Length <= 66 && !text.AsSpan().ContainsAnyExceptInRange(' ', '~') && !text.Contains("=?", StringComparison.Ordinal);

    /// <summary>Splits between characters, never inside one (RFC 2047 section 5). Whatever could end a header line becomes a space.</summary>
    private static string EncodedWords(string text)
    {
        var words = new List<string>();
        var word = new List<byte>(BytesInEncodedWord);
        var utf8 = new byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var visible = Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029 ? new Rune(' ') : rune;
            var count = visible.EncodeToUtf8(utf8);
            if (word.Count + count > BytesInEncodedWord)
            {
                Close();
            }

            word.AddRange(utf8.AsSpan(0, count));
        }

        Close();
        return string.Join("\r\n ", words);

        void Close()
        {
            words.Add($"=?utf-8?B?{Convert.ToBase64String(word.ToArray())}?=");
            word.Clear();
        }
    }
}
