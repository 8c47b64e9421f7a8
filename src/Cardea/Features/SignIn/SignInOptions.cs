using Cardea.Foundation.Settings;

namespace Cardea.Features.SignIn;

public enum NotifyByMail
{
    Never,
    NewDevice,
    Always,
}

/// <summary>What else may be asked for at sign-in. Only the first word is built so far; the others are start faults.</summary>
internal enum Challenge
{
    Off,
    UnderAttack,
    Always,
}

public sealed record SignInOptions
{
    /// <summary>When the owner gets a mail about a sign-in. The first sign-in of all is no news.</summary>
    public NotifyByMail NotifyByMail { get; init; } = NotifyByMail.NewDevice;

    internal static SignInOptions Read(SettingsReader settings)
    {
        // A protection that an operator asks for and that is not there must not be passed over in silence.
        settings.Choice("SignIn:Challenge", Challenge.Off, "proof-of-work before sign-in and sign-up; `off` is all there is in this version", Challenge.UnderAttack, Challenge.Always);
        return new() { NotifyByMail = settings.Choice("SignIn:NotifyByMail", NotifyByMail.NewDevice, "a mail about sign-ins: `never`, `new-device` or `always`") };
    }
}
