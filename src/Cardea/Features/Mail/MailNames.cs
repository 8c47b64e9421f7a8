using System.Globalization;
using System.Text;

namespace Cardea.Features.Mail;

/// <summary>
/// What a stranger typed and a mail of ours repeats (HM-03). Whoever signs up with somebody else's address chooses words that we deliver
/// under our name, and mail clients turn <c>evil.example</c> into a link by themselves: encoding for HTML doesn't help against that.
/// </summary>
public static class MailNames
{
    private const int LongestName = 40;

    /// <summary>
    /// The name, when it is nothing but a name: 1 to 40 letters, combining marks, spaces, hyphens and apostrophes. Otherwise null, and
    /// the mail goes without.
    /// </summary>
    public static string? SafeName(string? typed)
    {
        var name = typed?.Trim(' ') ?? "";
        var count = 0;
        var hasLetter = false;
        foreach (var rune in name.EnumerateRunes())
        {
            hasLetter |= Rune.IsLetter(rune);
            if (++count > LongestName || !IsOfAName(rune))
            {
                return null;
            }
        }

        return hasLetter ? name : null;
    }

    /// <summary>
    /// A device or a network address as a mail shows it: taken from a request's headers, so anybody's text. No dot but between
    /// digits, no slash, no at-sign: nothing that a client would link.
    /// </summary>
    public static string Unlinked(string? text)
    {
        text ??= "";
        var shown = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var isBetweenDigits = i > 0 && i + 1 < text.Length && char.IsAsciiDigit(text[i - 1]) && char.IsAsciiDigit(text[i + 1]);
            var isKept = IsLatin(text[i]) || ",()-+_:".Contains(text[i], StringComparison.Ordinal) || (text[i] == '.' && isBetweenDigits);
            shown.Append(isKept ? text[i] : ' ');
        }

        return string.Join(' ', shown.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>"Gerät" is a word as good as "device"; beyond Latin stand letters that look like others.</summary>
    private static bool IsLatin(char letter) => char.IsAsciiLetterOrDigit(letter) || (char.IsLetter(letter) && letter < '\u0250');

    /// <summary><c>bob@mail.example.org</c> as <c>b***@m***.org</c>: enough for its owner to know it, nothing that a client would link.</summary>
    public static string MaskEmail(string? email)
    {
        // A masked address passes as it is, so that masking twice does no harm.
        if (email is null || !MailSender.IsPlainAddress(email.Replace('*', 'x')))
        {
            return "***";
        }

        var at = email.IndexOf('@', StringComparison.Ordinal);
        var dot = email.LastIndexOf('.');
        return $"{email[0]}***@{email[at + 1]}***{(dot > at ? email[dot..] : "")}";
    }

    private static bool IsOfAName(Rune rune) =>
        rune.Value is ' ' or '-' or '\'' or 0x2010 or 0x2019
        || Rune.IsLetter(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}
