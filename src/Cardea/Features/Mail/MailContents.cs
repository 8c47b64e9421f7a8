using Cardea.Features.Shared;

namespace Cardea.Features.Mail;

public static class MailContents
{
    public static Dictionary<string, string> Plus(this Dictionary<string, string> values, string name, string value)
    {
        values[name] = value;
        return values;
    }

    public static Dictionary<string, string> PlusTime(this Dictionary<string, string> values, DateTimeOffset at, string language) => values.Plus("time", Texts.In(language).Time(at));
}
