using Cardea.Features.Accounts;

namespace Cardea.Features.Passkeys;

/// <summary>What its owner calls a passkey: one line of 1 to 100 characters.</summary>
public static class PasskeyName
{
    public const int Longest = PersonName.Longest;

    public static bool TryParse(string? typed, out string name)
    {
        var isName = PersonName.TryParse(typed, out var parsed) && parsed is not null;
        name = parsed ?? "";
        return isName;
    }
}
