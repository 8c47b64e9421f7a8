using System.Globalization;

namespace Cardea.Features.Mail;

public static class MailContents
{
    public static Dictionary<string, string> Plus(this Dictionary<string, string> values, string name, string value)
    {
        values[name] = value;
        return values;
    }

    /// <summary>A time as the mail's language writes it; in UTC, since nothing tells where its reader is.</summary>
    public static Dictionary<string, string> PlusTime(this Dictionary<string, string> values, DateTimeOffset at, string language)
    {
        var culture = CultureInfo.GetCultureInfo(language);
        return values.Plus("time", string.Create(culture, $"{at.UtcDateTime:D}, {at.UtcDateTime:HH:mm} UTC"));
    }
}
