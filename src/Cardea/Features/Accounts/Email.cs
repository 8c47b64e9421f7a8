using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Cardea.Features.Accounts;

/// <summary>
/// One e-mail address in its canonical form: ASCII, lower case, the domain as the DNS knows it (RFC 5890). Made canonical first and checked
/// afterwards, so that two spellings of one mailbox can't become two accounts, and a list or a comment can't send mail to somebody else.
/// </summary>
public readonly record struct Email
{
    public const int LongestText = 254;
    private const int LongestLocalPart = 64;

    // UseStd3AsciiRules refuses what a host name can't hold; unassigned code points could mean something else tomorrow.
    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true, AllowUnassigned = false };

    private Email(string text) => Text = text;

    public string Text { get; }

    public string LocalPart => Text[..Text.IndexOf('@', StringComparison.Ordinal)];

    public static bool TryParse([NotNullWhen(true)] string? typed, out Email email)
    {
        email = default;
        if (typed is null || typed.Length > LongestText)
        {
            return false;
        }

        var at = typed.IndexOf('@', StringComparison.Ordinal);
        if (at is < 1 or > LongestLocalPart || !IsDotAtom(typed.AsSpan(0, at)) || ToAsciiDomain(typed[(at + 1)..]) is not { } domain)
        {
            return false;
        }

        // ASCII letters alone are lowered: ToLowerInvariant maps the Kelvin sign to k, and another address would come out.
        var text = LowerAscii(typed[..at]) + "@" + domain;
        if (text.Length > LongestText)
        {
            return false;
        }

        email = new Email(text);
        return true;
    }

    public override string ToString() => Text;

    /// <summary>RFC 5321 section 4.1.2, without quoted strings: they are how addresses smuggle other addresses.</summary>
    private static bool IsDotAtom(ReadOnlySpan<char> local)
    {
        foreach (var letter in local)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && !"!#$%&'*+-/=?^_`{|}~.".Contains(letter, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return local[0] != '.' && local[^1] != '.' && local.IndexOf("..") < 0;
    }

    private static string? ToAsciiDomain(string domain)
    {
        string ascii;
        try
        {
            ascii = LowerAscii(Idn.GetAscii(domain));
        }
        catch (ArgumentException)
        {
            return null;
        }

        var labels = ascii.Split('.');
        return labels.Length >= 2 && labels.All(IsLabel) && !labels[^1].All(char.IsAsciiDigit) ? ascii : null;
    }

    private static bool IsLabel(string label) =>
        label.Length is >= 1 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-');

    private static string LowerAscii(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        for (var index = 0; index < span.Length; index++)
        {
            span[index] = source[index] is >= 'A' and <= 'Z' ? (char)(source[index] | 0x20) : source[index];
        }
    });
}
