using Cardea.Features.Mail;
using Cardea.Foundation.Settings;

namespace Cardea.Features.EmailCodes;

public enum MailedCode
{
    Off,

    /// <summary>Asked for where nobody has signed in to the account before.</summary>
    NewDevice,

    Always,
}

public sealed record EmailCodesOptions
{
    /// <summary>When a sign-in is finished by a code that is mailed, for accounts with no stronger factor.</summary>
    public MailedCode SecondStep { get; init; }

    internal static EmailCodesOptions Read(SettingsReader settings, MailOptions mail)
    {
        var secondStep = settings.Choice("SignIn:MailedCode", MailedCode.Off, "a six-digit code by mail as second step, for accounts with no stronger factor: `off`, `new-device` or `always`");
        if (secondStep is not MailedCode.Off && mail.Transport is MailTransport.None)
        {
            // Nobody could finish a sign-in.
            settings.Fault("SignIn:MailedCode", secondStep is MailedCode.Always ? "always" : "new-device", "allowed is off while Cardea:Mail:Transport is none");
        }

        return new() { SecondStep = secondStep };
    }
}
