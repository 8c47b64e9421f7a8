using System.Globalization;

namespace Cardea.Features.Mail;

/// <summary>One reply (RFC 5321 section 4.2): <c>code-text CRLF</c> for every line but the last, which is <c>code [SP text] CRLF</c>.</summary>
internal sealed record SmtpReply(int Code, IReadOnlyList<string> Lines)
{
    private const int LongestQuote = 200;

    /// <summary>The code and, when the server gives one, the enhanced status (RFC 3463). Never free text.</summary>
    public string Status => EnhancedStatus is { } status ? $"{Code} {status}" : Code.ToString(CultureInfo.InvariantCulture);

    /// <summary>What the server said, fit to be shown: one line of printable ASCII, cut short.</summary>
    public string Quote => $"{Code} {Printable(string.Join(' ', Lines))}".TrimEnd();

    private string? EnhancedStatus
    {
        get
        {
            var word = Lines[^1].Split(' ', 2)[0];
            var parts = word.Split('.');
            return parts.Length == 3 && parts.All(part => part.Length is >= 1 and <= 3 && part.All(char.IsAsciiDigit)) ? word : null;
        }
    }

    /// <summary>The parameters after an EHLO keyword; null when the extension isn't offered. Lists both <c>AUTH X</c> and the old <c>AUTH=X</c>.</summary>
    public IReadOnlyList<string>? Extension(string keyword)
    {
        List<string>? found = null;
        foreach (var line in Lines.Skip(1))
        {
            var words = line.Split([' ', '='], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 0 && words[0].Equals(keyword, StringComparison.OrdinalIgnoreCase))
            {
                (found ??= []).AddRange(words.Skip(1));
            }
        }

        return found;
    }

    /// <summary>Reads "250-text", "250 text" or "250"; anything else is not SMTP.</summary>
    public static bool TryReadLine(string line, out int code, out bool isLast, out string text)
    {
        code = 0;
        isLast = line.Length == 3 || (line.Length > 3 && line[3] == ' ');
        text = line.Length > 4 ? line[4..] : "";
        return line.Length >= 3
            && (isLast || line[3] == '-')
            && line[0] is >= '2' and <= '5'
            && int.TryParse(line.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture, out code);
    }

    public static string Printable(string text)
    {
        var clean = new string([.. text.Select(c => c is >= ' ' and <= '~' ? c : ' ')]);
        return clean.Length > LongestQuote ? clean[..LongestQuote] + "…" : clean;
    }
}
