using Cardea.Features.Shared;
using Cardea.Foundation.Web;

namespace Cardea.Features.Mail;

/// <summary>
/// How a mail that has not gone out will read, without what only its recipient may know: who administers could otherwise open anybody's link, or
/// type anybody's code.
/// </summary>
public sealed class MailPreview(Outbox outbox, Lazy<MailTemplates> templates, Branding branding, PublicUrl publicUrl)
{
    private const string Hidden = "••••••";

    /// <returns>Null when its content is gone, or is not to be opened.</returns>
    public RenderedMail? Render(OutboxMail mail) => outbox.Open(mail) is { } content && publicUrl.IsKnown
        ? templates.Value.Render(mail.Template, content.Language, OutboxJob.Complete(content.Values.ToDictionary(value => value.Key, Masked), branding, publicUrl))
        : null;

    /// <summary>Masked is what opens something, by its name; a name that is not known to be harmless opens something.</summary>
    private string Masked(KeyValuePair<string, string> value) => value.Key switch
    {
        _ when value.Value.Length == 0 => "",
        "sign_in_url" or "reset_url" => value.Value, // pages for everybody
        _ when value.Key.EndsWith("_url", StringComparison.Ordinal) => publicUrl.Text + "/********",
        "given_name" or "time" or "address" or "device" or "what" or "left" or "minutes" or "days" => value.Value,
        _ when value.Key.EndsWith("_minutes", StringComparison.Ordinal) || value.Key.EndsWith("_hours", StringComparison.Ordinal) || value.Key.EndsWith("_masked", StringComparison.Ordinal) => value.Value,
        _ => Hidden,
    };
}
