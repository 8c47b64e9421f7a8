using System.Diagnostics.CodeAnalysis;
using System.Text;
using Cardea.Foundation.Problems;

namespace Cardea.Features.Passwords;

/// <summary>
/// A password as it was typed, on its way to the hash: NFC, since keyboards compose differently, and nothing else changed, not trimmed, not
/// cut. Never printed.
/// </summary>
public sealed class PlainPassword
{
    /// <summary>Bytes of UTF-8. Longer ones are refused rather than cut, and before anything is computed.</summary>
    public const int LongestInBytes = 1024;

    internal static readonly Phrase TooLong = new("A password has at most {0} bytes of valid text.", LongestInBytes);

    private PlainPassword(string text)
    {
        Reveal = text;
        Utf8 = Encoding.UTF8.GetBytes(text);
        Length = text.EnumerateRunes().Count();
    }

    public string Reveal { get; }

    internal byte[] Utf8 { get; }

    /// <summary>In code points, as NIST SP 800-63B section 3.1.1.2 counts.</summary>
    public int Length { get; }

    public static bool TryParse([NotNullWhen(true)] string? typed, [NotNullWhen(true)] out PlainPassword? password)
    {
        password = null;
        if (string.IsNullOrEmpty(typed) || typed.Length > LongestInBytes || typed.Contains('\0', StringComparison.Ordinal))
        {
            return false;
        }

        string normal;
        try
        {
            normal = typed.Normalize(NormalizationForm.FormC);
        }
        catch (ArgumentException)
        {
            return false; // half a surrogate pair
        }

        if (Encoding.UTF8.GetByteCount(normal) > LongestInBytes)
        {
            return false;
        }

        password = new PlainPassword(normal);
        return true;
    }

    public override string ToString() => "[password]";
}
