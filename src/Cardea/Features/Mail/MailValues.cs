using System.Globalization;
using System.Text;

namespace Cardea.Features.Mail;

/// <summary>
/// The values a template may show, and what is done to each before it may be shown. The rule hangs on the name of the value and not on
/// the caller, so that no mail can forget it (HM-03).
/// </summary>
internal static class MailValues
{
    private const int LongestValue = 200;

    /// <summary>What every mail may show, whatever it is about.</summary>
    public static readonly IReadOnlyList<string> Common =
        ["brand_name", "accent_color", "accent_text_color", "public_url", "footer_note", "given_name", "language", "subject"];

    public static readonly IReadOnlyDictionary<string, Needs> Of = new Dictionary<string, Needs>
    {
        ["verify-email"] = new(["link_url", "link_hours"], ["code", "code_minutes"]),
        ["change-email-confirm"] = new(["link_url", "link_hours"], ["code", "code_minutes"]),
        ["change-email-notice"] = new(["new_email_masked", "link_url"], []),
        ["change-email-done"] = new(["new_email_masked", "link_url"], []),
        ["change-email-undone"] = new(["old_email_masked", "time", "reset_url"], []),
        ["change-email-taken"] = new([], []),
        ["account-exists"] = new([], ["sign_in_url", "reset_url"]),
        ["reset-link"] = new(["link_url", "link_minutes"], []),
        ["reset-code"] = new(["code", "code_minutes"], []),
        ["temporary-password"] = new(["temporary_password", "minutes"], []),
        ["password-changed"] = new([], ["time"]),
        ["account-deleted"] = new([], []),
        ["factor-changed"] = new(["what", "time", "address", "device"], []),
        ["recovery-code-used"] = new(["time", "left"], []),
        ["recovery-codes-few"] = new(["time", "left"], []),
        ["email-changed-by-administrator"] = new(["new_email_masked"], []),
        ["factors-reset-by-administrator"] = new(["time"], []),
        ["invitation"] = new(["link_url", "days"], []),
        ["temporary-password-set"] = new(["temporary_password"], []),
        ["sign-in-notice"] = new(["time", "address", "device", "link_url"], []),
        ["sign-in-disowned"] = new(["time", "reset_url"], []),
        ["sign-in-code"] = new(["code", "code_minutes", "address", "device"], []),
        ["second-step-code"] = new(["code", "code_minutes", "address", "device"], []),
        ["sign-in-link"] = new(["link_url", "link_minutes", "address", "device"], []),
        ["account-reclaimed"] = new([], ["reset_url"]),
    };

    /// <summary>The values that are a mail's whole point: a template that needs one and doesn't print it is broken.</summary>
    public static readonly IReadOnlyList<string> Essential = ["link_url", "code", "temporary_password"];

    public static string Clean(string name, string value) => name switch
    {
        _ when value.Length == 0 => "",
        "given_name" => MailNames.SafeName(value) ?? "",
        "device" or "address" => Cap(MailNames.Unlinked(value)),
        "accent_color" when !IsColor(value) => throw new ArgumentException("Not a color of the form #rrggbb.", name),
        _ when name.EndsWith("_masked", StringComparison.Ordinal) => MailNames.MaskEmail(value),
        _ when name.EndsWith("_url", StringComparison.Ordinal) => IsWebAddress(value) ? value : throw new ArgumentException("Not an absolute web address.", name),
        _ => Cap(OneLine(value)),
    };

    /// <summary>Black or white, whichever stands out more against the color (WCAG 2.2, relative luminance).</summary>
    public static string TextColorOn(string color)
    {
        if (!IsColor(color))
        {
            return "#ffffff";
        }

        double Channel(int at)
        {
            var share = int.Parse(color.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return share <= 0.04045 ? share / 12.92 : Math.Pow((share + 0.055) / 1.055, 2.4);
        }

        var luminance = (0.2126 * Channel(1)) + (0.7152 * Channel(3)) + (0.0722 * Channel(5));
        return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 ? "#ffffff" : "#000000";
    }

    // The color stands in a style attribute, where HTML encoding alone would let more style in.
    public static bool IsColor(string value) => value.Length == 7 && value[0] == '#' && value.Skip(1).All(char.IsAsciiHexDigit);

    private static bool IsWebAddress(string value) =>
        !value.AsSpan().ContainsAnyExceptInRange('!', '~')
        && !value.AsSpan().ContainsAny('"', '<', '>')
        && Uri.TryCreate(value, UriKind.Absolute, out var uri)
        && uri.Scheme is "http" or "https"
        && uri.UserInfo.Length == 0;

    /// <summary>Line ends and tabs become spaces; what is invisible or turns the direction of text goes.</summary>
    private static string OneLine(string value)
    {
        var text = new StringBuilder(value.Length);
        foreach (var rune in value.EnumerateRunes())
        {
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator:
                case UnicodeCategory.Control when rune.Value is '\t' or '\n' or '\r' or 0x85:
                    text.Append(' ');
                    break;
                case UnicodeCategory.Control or UnicodeCategory.Format:
                    break;
                default:
                    text.Append(rune.ToString());
                    break;
            }
        }

        return text.ToString().Trim();
    }

    private static string Cap(string value) =>
        value.Length <= LongestValue ? value : string.Concat(value.EnumerateRunes().Take(LongestValue - 1).Select(rune => rune.ToString())) + "…";

    /// <param name="Required">Must be there and not be empty.</param>
    /// <param name="Optional">May be left out; templates ask with a block.</param>
    internal sealed record Needs(IReadOnlyList<string> Required, IReadOnlyList<string> Optional)
    {
        public IEnumerable<string> All => Required.Concat(Optional).Concat(Common);
    }
}
