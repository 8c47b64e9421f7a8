using Cardea.Foundation.Settings;

namespace Cardea.Features.SecondSteps;

public enum RequireSecondFactor
{
    Never,
    Admins,
    Everyone,
}

public sealed record SecondStepsOptions
{
    /// <summary>Who must have a second factor. Who has none sets one up at the next sign-in; sessions that live go on.</summary>
    public RequireSecondFactor RequireSecondFactor { get; init; }

    internal static SecondStepsOptions Read(SettingsReader settings) => new()
    {
        RequireSecondFactor = settings.Choice("SignIn:RequireSecondFactor", RequireSecondFactor.Never, "who must have a second factor, and sets one up at the next sign-in: `never`, `admins` or `everyone`"),
    };
}
