using Cardea.Foundation.Settings;

namespace Cardea.Features.Accounts;

public sealed record AccountsOptions
{
    /// <summary>Whether anybody may create an account.</summary>
    public bool SignUpEnabled { get; init; } = true;

    /// <summary>Whether an address must be proved before its account may sign in.</summary>
    public bool RequireVerifiedEmail { get; init; }

    /// <summary>
    /// Whether signing up with a taken address looks like signing up with a free one, its owner being told by mail instead. Needs
    /// <see cref="RequireVerifiedEmail"/>: otherwise signing in afterwards tells the two apart.
    /// </summary>
    public bool ConcealExistingAccounts { get; init; }

    internal static AccountsOptions Read(SettingsReader settings)
    {
        var options = new AccountsOptions
        {
            SignUpEnabled = settings.Flag("SignUp:Enabled", true, "whether anybody may create an account"),
            RequireVerifiedEmail = settings.Flag("SignUp:RequireVerifiedEmail", false, "whether sign-in waits until the address is proved"),
            ConcealExistingAccounts = settings.Flag("SignUp:ConcealExistingAccounts", false, "whether signing up with a taken address looks the same as with a free one; needs `SignUp:RequireVerifiedEmail`"),
        };
        if (options is { ConcealExistingAccounts: true, RequireVerifiedEmail: false })
        {
            settings.Fault("SignUp:ConcealExistingAccounts", "true", "allowed is true only together with Cardea:SignUp:RequireVerifiedEmail=true");
        }

        return options;
    }
}
