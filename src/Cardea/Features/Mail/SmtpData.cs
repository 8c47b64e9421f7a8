namespace Cardea.Features.Mail;

/// <summary>The form a message takes behind DATA: dot-stuffed and ended by a lone dot (RFC 5321 section 4.5.2).</summary>
internal static class SmtpData
{
    private const int LongestLine = 998;

    /// <summary>
    /// A lone CR or LF is refused, because servers differ in what they take for the end of a line, and between two of them a
    /// second mail can be smuggled (RFC 5321 section 2.3.8). So are lines SMTP can't carry and bytes that would need 8BITMIME.
    /// </summary>
    public static byte[] Stuff(byte[] message)
    {
        using var stuffed = new MemoryStream(message.Length + 16);
        var start = 0;
        while (start < message.Length)
        {
            var length = message.AsSpan(start).IndexOf("\r\n"u8);
            var line = length < 0 ? message.AsSpan(start) : message.AsSpan(start, length);
            if (line.Length > LongestLine || line.ContainsAny((byte)'\r', (byte)'\n', (byte)0) || line.ContainsAnyInRange((byte)0x80, (byte)0xFF))
            {
                throw new SmtpFailure("The message is not in the form SMTP carries: CRLF lines of at most 998 ASCII characters.", isPermanent: true);
            }

            if (line.StartsWith("."u8))
            {
                stuffed.WriteByte((byte)'.');
            }

            stuffed.Write(line);
            stuffed.Write("\r\n"u8);
            start += line.Length + 2;
        }

        stuffed.Write(".\r\n"u8);
        return stuffed.ToArray();
    }
}
