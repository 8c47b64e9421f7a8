using Cardea.Foundation.Settings;

namespace Cardea.Features.Admin;

public sealed record ImpersonationOptions
{
    public bool IsOn { get; init; }

    internal static ImpersonationOptions Read(SettingsReader settings) => new()
    {
        IsOn = settings.Flag("Admin:Impersonation", false, "whether administrators may view the pages as somebody else, and get a token marked with `act`; nothing can be changed so"),
    };
}
