using Cardea.Foundation.Settings;

namespace Cardea.Features.SignIn;

public enum NotifyByMail
{
    Never,
    NewDevice,
    Always,
}

public sealed record SignInOptions
{
    /// <summary>When the owner gets a mail about a sign-in. The first sign-in of all is no news. Up to twenty an hour, fewer where the address was never proved.</summary>
    public NotifyByMail NotifyByMail { get; init; } = NotifyByMail.NewDevice;

    internal static SignInOptions Read(SettingsReader settings) =>
        new() { NotifyByMail = settings.Choice("SignIn:NotifyByMail", NotifyByMail.NewDevice, "a mail about sign-ins: `never`, `new-device` or `always`; at most 20 an hour to an address, 5 (and 20 a day) to one that was never proved, those of new devices counted apart") };
}
