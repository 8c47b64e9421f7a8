using System.Globalization;
using System.Text;

namespace Cardea.Features.Mail;

/// <summary>
/// RFC 2045 section 6.7. Chosen over base64 because filters count base64 text against a mail, and because an operator can read it.
/// </summary>
internal static class QuotedPrintable
{
    private const int LongestLine = 76;

    /// <summary>Appends the text in UTF-8, every kind of line end as CRLF, and a CRLF at its end.</summary>
    public static void Write(StringBuilder output, string text)
    {
        foreach (var line in text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
        {
            WriteLine(output, Encoding.UTF8.GetBytes(line));
        }
    }

    private static void WriteLine(StringBuilder output, byte[] line)
    {
        var column = 0;
        for (var i = 0; i < line.Length; i++)
        {
            // A space at a line's end would be lost on the way; a line of "--" or "." needs no care, SMTP stuffs dots.
            var isLast = i == line.Length - 1;
            var isPlain = line[i] is >= (byte)'!' and <= (byte)'~' and not (byte)'=' || (line[i] is (byte)' ' && !isLast);
            var width = isPlain ? 1 : 3;
            if (column + width > (isLast ? LongestLine : LongestLine - 1))
            {
                output.Append("=\r\n");
                column = 0;
            }

            if (isPlain)
            {
                output.Append((char)line[i]);
            }
            else
            {
                output.Append('=').Append(line[i].ToString("X2", CultureInfo.InvariantCulture));
            }

            column += width;
        }

        output.Append("\r\n");
    }
}
