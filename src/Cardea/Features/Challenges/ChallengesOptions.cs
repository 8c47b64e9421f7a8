using Cardea.Foundation.Settings;

namespace Cardea.Features.Challenges;

public enum ChallengeMode
{
    Off,

    /// <summary>Asked of addresses from which, and of everybody while on the whole server, too much goes wrong.</summary>
    UnderAttack,

    /// <summary>Asked of everybody, and harder under attack.</summary>
    Always,
}

public sealed record ChallengesOptions
{
    public ChallengeMode Mode { get; init; }

    /// <summary>Refused tries of one address (IPv6: one /64) within a minute, on one node.</summary>
    public int FailuresOfAddress { get; init; }

    /// <summary>Refused tries of all addresses within a minute, on one node.</summary>
    public int FailuresOfServer { get; init; }

    internal static ChallengesOptions Read(SettingsReader settings) => new()
    {
        Mode = settings.Choice("SignIn:Challenge", ChallengeMode.Off, "proof of work before sign-in, sign-up and what sends mail: `off`, `under-attack` or `always`"),
        FailuresOfAddress = settings.Number(
            "SignIn:ChallengeAddressFailures", 30, 1, 1_000_000, "refused tries (of sign-ups and mails: all) of one address, or of one /64 of IPv6, in a minute on one node, from which on it is under attack"),
        FailuresOfServer = settings.Number(
            "SignIn:ChallengeServerFailures", 600, 1, 1_000_000, "the same of all addresses together, from which on the whole node is under attack"),
    };
}
