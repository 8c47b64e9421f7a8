namespace Cardea.Features.Mail;

public static class MailContents
{
    public static Dictionary<string, string> Plus(this Dictionary<string, string> values, string name, string value)
    {
        values[name] = value;
        return values;
    }
}
