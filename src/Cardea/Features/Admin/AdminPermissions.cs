using Cardea.Foundation.Web;

namespace Cardea.Features.Admin;

/// <summary>What an administrator may do, apart from each other, so that whoever answers users' questions needs not be able to do everything.</summary>
public static class AdminPermissions
{
    public static readonly Permission AccountsRead = new("accounts.read", "See accounts, their sessions and factors");
    public static readonly Permission AccountsWrite = new("accounts.write", "Make, change, disable and delete accounts");
    public static readonly Permission AccountsImpersonate = new("accounts.impersonate", "View accounts as their owners would, where that is switched on, without changing anything");
    public static readonly Permission RolesRead = new("roles.read", "See roles and what they may do");
    public static readonly Permission RolesWrite = new("roles.write", "Make and change roles, and give them to accounts");
    public static readonly Permission AuditRead = new("audit.read", "Read the audit log");
    public static readonly Permission MailRead = new("mail.read", "See what is on its way by mail, without its content");
    public static readonly Permission MailWrite = new("mail.write", "Send a mail again that could not be delivered");
    public static readonly Permission KeysRead = new("keys.read", "See the signing keys");
    public static readonly Permission KeysWrite = new("keys.write", "Rotate the signing keys");
    public static readonly Permission SettingsRead = new("settings.read", "See the settings in force, secrets masked");
    public static readonly Permission HealthRead = new("health.read", "See whether database, mail, keys and clock are well");
    public static readonly Permission StatsRead = new("stats.read", "See figures and plots");

    public static IReadOnlyList<Permission> All { get; } =
        [AccountsRead, AccountsWrite, AccountsImpersonate, RolesRead, RolesWrite, AuditRead, MailRead, MailWrite, KeysRead, KeysWrite, SettingsRead, HealthRead, StatsRead];
}
