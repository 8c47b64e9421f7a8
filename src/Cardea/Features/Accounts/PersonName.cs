using System.Globalization;
using System.Text;

namespace Cardea.Features.Accounts;

/// <summary>A given or family name: up to 100 characters of anything that can be seen. What shows it encodes it.</summary>
public static class PersonName
{
    public const int Longest = 100;

    /// <summary>Empty is no name.</summary>
    public static bool TryParse(string? typed, out string? name)
    {
        name = string.IsNullOrWhiteSpace(typed) ? null : typed.Trim();
        return name is null || (name.Length <= Longest && name.EnumerateRunes().All(rune => IsVisible(Rune.GetUnicodeCategory(rune))));
    }

    /// <summary>Controls and separators break lines in logs and mails; format characters turn the text around (U+202E) or hide in it.</summary>
    private static bool IsVisible(UnicodeCategory category) => category is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
