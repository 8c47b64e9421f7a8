using Cardea.Features.Accounts;
using Cardea.Features.Roles;
using Cardea.Features.Shared;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Admin;

/// <summary>The pages of the administration and what each asks for, in the order in which they are offered.</summary>
public sealed class AdminPlaces(AccountDirectory directory, RolePermissions permissions)
{
    private static readonly (FramePlace Place, Permission Permission)[] All =
    [
        (new("/admin", new Phrase("Figures")), AdminPermissions.StatsRead),
        (new("/admin/users", new Phrase("Accounts")), AdminPermissions.AccountsRead),
        (new("/admin/roles", new Phrase("Roles")), AdminPermissions.RolesRead),
        (new("/admin/audit", new Phrase("Audit log")), AdminPermissions.AuditRead),
        (new("/admin/mail", new Phrase("Outbox")), AdminPermissions.MailRead),
        (new("/admin/keys", new Phrase("Signing keys")), AdminPermissions.KeysRead),
        (new("/admin/settings", new Phrase("Settings")), AdminPermissions.SettingsRead),
        (new("/admin/health", new Phrase("Health")), AdminPermissions.HealthRead),
    ];

    public async ValueTask<IReadOnlyList<FramePlace>> FindAsync(Caller caller)
    {
        var places = new List<FramePlace>();
        if (!caller.IsViewing && await directory.FindAsync(caller.AccountId) is { Account.IsDisabled: false } account && account.Roles.Any(role => role != RoleName.User))
        {
            foreach (var (place, permission) in All)
            {
                if (await permissions.HoldsAsync(account.Roles, permission.Name))
                {
                    places.Add(place);
                }
            }
        }

        return places;
    }
}
