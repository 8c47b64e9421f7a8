using Cardea.Features.Accounts;
using Cardea.Features.Roles;
using Cardea.Features.SecondSteps;
using Cardea.Features.Sessions;
using Cardea.Features.Shared;
using Cardea.Foundation.Jobs;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Settings;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Cardea.Features.Admin;

internal static class AdminFeature
{
    private const string Users = "/api/admin/users";
    private static readonly Limit Calls = Limit.Failures("admin", 600, TimeSpan.FromMinutes(15));

    public static void AddAdmin(this IServiceCollection services, SettingsReader settings)
    {
        services.AddSingleton(ImpersonationOptions.Read(settings));
        services.AddSingleton<Impersonation>();
        services.AddSingleton<ImpersonationEndpoints>();
        services.AddSingleton<ImpersonationPages>();
        services.AddSingleton<MayStillView>(provider => session => provider.GetRequiredService<Impersonation>().MayGoOnAsync(session));
        services.AddSingleton<AccountCreation>();
        services.AddSingleton<AccountDisabling>();
        services.AddSingleton<PasswordSetting>();
        services.AddSingleton<FactorReset>();
        services.AddSingleton<RoleGrants>();
        services.AddSingleton<AccountCare>();
        services.AddSingleton<RoleKeeping>();
        services.AddSingleton<AccountSearchStore>();
        services.AddSingleton<AdminStatsStore>();
        services.AddSingleton<AdminStats>();
        services.AddSingleton<IdempotencyStore>();
        services.AddSingleton<Idempotency>();
        services.AddSingleton<Cursors>();
        services.AddSingleton<AdminAccountsEndpoints>();
        services.AddSingleton<AdminRolesEndpoints>();
        services.AddSingleton<AdminRecordsEndpoints>();
        services.AddSingleton<AccountDetails>();
        services.AddSingleton<MailRetry>();
        services.AddSingleton<AuditExport>();
        services.AddSingleton<HealthReport>();
        services.AddSingleton<AdminPlaces>();
        services.AddSingleton<AdminUsersPages>();
        services.AddSingleton<AdminRolesPages>();
        services.AddSingleton<AdminRecordsPages>();
        services.AddSingleton<AdminHousePages>();
        services.AddSingleton<FindAdministration>(provider => provider.GetRequiredService<AdminPlaces>().FindAsync);
        foreach (var permission in AdminPermissions.All)
        {
            services.AddSingleton(permission);
        }

        // Who views somebody's account administers nothing by it, whatever its owner may do.
        services.AddSingleton<IsPermitted>(provider => async (caller, permission) =>
            !caller.IsViewing
            && await provider.GetRequiredService<AccountDirectory>().FindAsync(caller.AccountId) is { Account.IsDisabled: false } account
            && await provider.GetRequiredService<RolePermissions>().HoldsAsync(account.Roles, permission.Name));
        services.AddSingleton(provider => new Purge("idempotency keys", (transaction, now, most) =>
            provider.GetRequiredService<IdempotencyStore>().PurgeAsync(transaction, now - (long)Idempotency.KeptFor.TotalMilliseconds, most)));
    }

    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        MapAccounts(routes);
        MapRoles(routes);
        MapRecords(routes);
        MapUsersPages(routes);
        MapOtherPages(routes);
    }

    private static void MapUsersPages(IEndpointRouteBuilder routes)
    {
        const string list = AdminUsersPages.Path, one = list + "/{id}";
        var pages = routes.ServiceProvider.GetRequiredService<AdminUsersPages>();
        var (read, write) = (AdminPermissions.AccountsRead, AdminPermissions.AccountsWrite);
        routes.Page(list, pages.ListAsync, read);
        routes.Page(list + "/new", pages.NewAsync, write);
        routes.Form(list, pages.AddAsync, write, Calls, from: list + "/new");
        routes.Page(one, pages.ShowAsync, read);
        routes.Form(one + "/profile", pages.ChangeAsync, write, Calls, from: one);
        routes.Form(one + "/confirm-address", pages.ConfirmAddressAsync, write, Calls, from: one);
        routes.Form(one + "/roles", pages.SetRolesAsync, AdminPermissions.RolesWrite, Calls, from: one);
        routes.Form(one + "/disable", pages.DisableAsync, write, Calls, from: one);
        routes.Form(one + "/enable", pages.EnableAsync, write, Calls, from: one);
        routes.Form(one + "/unlock", pages.UnlockAsync, write, Calls, from: one);
        routes.Form(one + "/sign-out", pages.SignOutAsync, write, Calls, from: one);
        routes.Form(one + "/end-session", pages.EndSessionAsync, write, Calls, from: one);
        routes.Form(one + "/send-reset", pages.SendResetAsync, write, Calls, from: one);
        routes.Form(one + "/temporary-password", pages.SetTemporaryPasswordAsync, write, Calls, from: one);
        routes.Form(one + "/reset-factors", pages.ResetFactorsAsync, write, Calls, from: one);
        routes.Form(one + "/delete", pages.DeleteAsync, write, Calls, from: one);
        var viewing = routes.ServiceProvider.GetRequiredService<ImpersonationPages>();
        routes.Form(one + "/view-as", viewing.BeginAsync, AdminPermissions.AccountsImpersonate, Calls, from: one);
        routes.Page(ImpersonationPages.StopPath, viewing.AskAsync, PageAccess.Anyone);
        routes.Form(ImpersonationPages.StopPath, viewing.StopAsync, PageAccess.Anyone, Limit.None("ends the caller's own viewing")).OpenToViewers();
    }

    private static void MapOtherPages(IEndpointRouteBuilder routes)
    {
        var roles = routes.ServiceProvider.GetRequiredService<AdminRolesPages>();
        const string oneRole = AdminRolesPages.Path + "/{name}";
        routes.Page(AdminRolesPages.Path, roles.ListAsync, AdminPermissions.RolesRead);
        routes.Form(AdminRolesPages.Path, roles.AddAsync, AdminPermissions.RolesWrite, Calls, from: AdminRolesPages.Path);
        routes.Page(oneRole, roles.ShowAsync, AdminPermissions.RolesRead);
        routes.Form(oneRole, roles.ChangeAsync, AdminPermissions.RolesWrite, Calls, from: oneRole);
        routes.Form(oneRole + "/delete", roles.DeleteAsync, AdminPermissions.RolesWrite, Calls, from: oneRole);

        var records = routes.ServiceProvider.GetRequiredService<AdminRecordsPages>();
        const string oneMail = AdminRecordsPages.MailPath + "/{id}";
        routes.Page(AdminRecordsPages.AuditPath, records.AuditAsync, AdminPermissions.AuditRead);
        routes.Form(AdminRecordsPages.AuditPath + "/export", records.ExportAsync, AdminPermissions.AuditRead, Calls, from: AdminRecordsPages.AuditPath);
        routes.Page(AdminRecordsPages.MailPath, records.MailAsync, AdminPermissions.MailRead);
        routes.Page(oneMail, records.ShowMailAsync, AdminPermissions.MailRead);
        routes.Form(oneMail + "/retry", records.RetryAsync, AdminPermissions.MailWrite, Calls, from: oneMail);

        var house = routes.ServiceProvider.GetRequiredService<AdminHousePages>();
        routes.Page("/admin", house.FiguresAsync, AdminPermissions.StatsRead);
        routes.Page(AdminHousePages.KeysPath, house.KeysAsync, AdminPermissions.KeysRead);
        routes.Form(AdminHousePages.KeysPath + "/rotate", house.RotateAsync, AdminPermissions.KeysWrite, Calls, from: AdminHousePages.KeysPath);
        routes.Page("/admin/settings", house.SettingsAsync, AdminPermissions.SettingsRead);
        routes.Page("/admin/health", house.HealthAsync, AdminPermissions.HealthRead);
    }

    private static void MapAccounts(IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<AdminAccountsEndpoints>();
        var (read, write) = (AdminPermissions.AccountsRead, AdminPermissions.AccountsWrite);
        routes.Door("GET", Users, doors.ListAsync, read, Calls)
            .Says("Administration", "List accounts", "Newest first. `query` finds any part of e-mail address, username, names or id; `status` is `active`, `disabled` or `unverified`.")
            .Asks("query", "Any part of e-mail address, username, names or id.").Asks("status", "In which state.", AdminAccountsEndpoints.Statuses).Asks("role", "Only who has this role.").Asks("cursor", "The `next_cursor` of the page before.").AsksNumber("limit", "50 unless given.", 1, ListingQuery.MostItems)
            .Gives(StatusCodes.Status200OK, typeof(Page<AdminUserBody>)).Refuses(CommonProblems.ValidationFailed);
        routes.Door("POST", Users, doors.AddAsync, write, Calls)
            .Says("Administration", "Make an account", "Without `password` its owner is invited by mail; with one it is temporary. Takes an `Idempotency-Key`.")
            .Takes(new AdminUserRequest("carol@example.org", "carol", "Carol", Roles: ["user"]))
            .Gives(StatusCodes.Status201Created, typeof(AdminUserBody))
            .Refuses(AccountProblems.EmailTaken, AccountProblems.UsernameTaken, AdminProblems.UnknownRole, AdminProblems.IdempotencyKeyReused, AdminProblems.IdempotentInProgress, SecondStepsProblems.ReauthenticationRequired);
        routes.Door("GET", Users + "/{id}", doors.ShowAsync, read, Calls)
            .Says("Administration", "One account, with its sessions and factors")
            .Gives(StatusCodes.Status200OK, typeof(AdminUserDetailBody)).Refuses(CommonProblems.NotFound);
        routes.Door("PATCH", Users + "/{id}", doors.ChangeAsync, write, Calls)
            .Says("Administration", "Change an account", "A new `email` counts as not verified unless `is_verified` says so; the old address is told.")
            .Takes(new AdminProfileRequest { GivenName = new(true, "Carol") }, optional: true)
            .Gives(StatusCodes.Status200OK, typeof(AdminUserDetailBody))
            .Refuses(CommonProblems.NotFound, AccountProblems.EmailTaken, AccountProblems.UsernameTaken, SecondStepsProblems.ReauthenticationRequired);
        routes.Door("DELETE", Users + "/{id}", doors.DeleteAsync, write, Calls)
            .Says("Administration", "Delete an account", "Everything that tells of its owner is erased.")
            .Gives(StatusCodes.Status200OK, typeof(MessageBody)).Refuses(CommonProblems.NotFound, AccountProblems.LastAdmin, SecondStepsProblems.ReauthenticationRequired);
        Act("disable", doors.DisableAsync, "Disable an account", "Its sessions end at once on every node.", AccountProblems.LastAdmin);
        Act("enable", doors.EnableAsync, "Enable an account", "It signs in as before.");
        Act("unlock", doors.UnlockAsync, "Unlock an account", "Failures in a row are forgotten: passwords and codes can be tried again at once.");
        Act("sign-out", doors.SignOutAsync, "End all sessions of an account", "At once on every node.");
        routes.Door("DELETE", Users + "/{id}/sessions/{session}", doors.EndSessionAsync, write, Calls)
            .Says("Administration", "End one session of an account", "Its refresh token and access tokens end with it, at once and on every node.")
            .Gives(StatusCodes.Status200OK, typeof(MessageBody)).Refuses(CommonProblems.NotFound, SecondStepsProblems.ReauthenticationRequired);
        Act("send-reset", doors.SendResetAsync, "Mail a link that sets a new password", "The administrator sees nothing of it.");
        routes.Door("POST", Users + "/{id}/temporary-password", doors.SetTemporaryPasswordAsync, write, Calls)
            .Says("Administration", "Set a temporary password", "Without `password` a random one is mailed to the owner. It must be changed at the next sign-in; all sessions end.")
            .Takes(new TemporaryPasswordRequest("amber kettle over moss"), optional: true)
            .Gives(StatusCodes.Status200OK, typeof(MessageBody)).Refuses(CommonProblems.NotFound, CommonProblems.Overloaded, SecondStepsProblems.ReauthenticationRequired);
        routes.Door("POST", Users + "/{id}/reset-factors", doors.ResetFactorsAsync, write, Calls)
            .Says("Administration", "Remove second factors that were lost", "The authenticator app, recovery codes, passkeys (unless `keep_passkeys`) and the trust in devices are gone, waiting sign-ins are void, all sessions end, the owner is told by mail. The next sign-in sets one up where one is demanded. Not those of an administrator.")
            .Takes(new FactorResetRequest(KeepPasskeys: false), optional: true)
            .Gives(StatusCodes.Status200OK, typeof(MessageBody)).Refuses(CommonProblems.NotFound, AdminProblems.FactorsProtected, SecondStepsProblems.ReauthenticationRequired);
        routes.Door("POST", Users + "/{id}/impersonate", routes.ServiceProvider.GetRequiredService<ImpersonationEndpoints>().BeginAsync, AdminPermissions.AccountsImpersonate, Calls)
            .Says("Administration", "View as an account", "Where `Admin:Impersonation` is on: an access token of the account, marked with `act` (RFC 8693), that looks and changes nothing. It lives 30 minutes at most, nothing prolongs it, and it ends with the administrator's own session. `POST /auth/logout` with it ends it.")
            .TakesNothing()
            .Gives(StatusCodes.Status200OK, typeof(ImpersonationBody))
            .Refuses(CommonProblems.NotFound, AdminProblems.ImpersonationOff, AdminProblems.NotViewed, AccountProblems.AccountDisabled, AccountProblems.EmailNotVerified, SecondStepsProblems.ReauthenticationRequired);
        routes.Door("PUT", Users + "/{id}/roles", doors.SetRolesAsync, AdminPermissions.RolesWrite, Calls)
            .Says("Administration", "Set the roles of an account", "True at once, for tokens already issued too. The last administrator stays one.")
            .Takes(new RolesRequest(["user", "admin"]))
            .Gives(StatusCodes.Status200OK, typeof(AdminUserDetailBody)).Refuses(CommonProblems.NotFound, AccountProblems.LastAdmin, AdminProblems.UnknownRole, SecondStepsProblems.ReauthenticationRequired);

        void Act(string path, Func<HttpContext, Task<IResult>> deed, string summary, string description, params Problem[] refusals) =>
            routes.Door("POST", $"{Users}/{{id}}/{path}", deed, write, Calls)
                .Says("Administration", summary, description)
                .TakesNothing()
                .Gives(StatusCodes.Status200OK, typeof(MessageBody))
                .Refuses([CommonProblems.NotFound, SecondStepsProblems.ReauthenticationRequired, .. refusals]);
    }

    private static void MapRoles(IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<AdminRolesEndpoints>();
        routes.Door("GET", "/api/admin/roles", doors.ListAsync, AdminPermissions.RolesRead, Calls)
            .Says("Administration", "Roles and permissions", "`permissions` are all that a role can be given.")
            .Gives(StatusCodes.Status200OK, typeof(RolesBody));
        routes.Door("POST", "/api/admin/roles", doors.AddAsync, AdminPermissions.RolesWrite, Calls)
            .Says("Administration", "Make a role", "Takes an `Idempotency-Key`.")
            .Takes(new RoleRequest("support", "Answers users' questions", ["accounts.read"]))
            .Gives(StatusCodes.Status201Created, typeof(RoleBody))
            .Refuses(AdminProblems.RoleTaken, AdminProblems.IdempotencyKeyReused, AdminProblems.IdempotentInProgress, SecondStepsProblems.ReauthenticationRequired);
        routes.Door("PATCH", "/api/admin/roles/{name}", doors.ChangeAsync, AdminPermissions.RolesWrite, Calls)
            .Says("Administration", "Change what a role may do", "True at once for everybody who has it.")
            .Takes(new RoleRequest(Description: "Answers users' questions", Permissions: ["accounts.read", "audit.read"]), optional: true)
            .Gives(StatusCodes.Status200OK, typeof(RoleBody)).Refuses(CommonProblems.NotFound, AdminProblems.RoleProtected, SecondStepsProblems.ReauthenticationRequired);
        routes.Door("DELETE", "/api/admin/roles/{name}", doors.DeleteAsync, AdminPermissions.RolesWrite, Calls)
            .Says("Administration", "Delete a role", "Who had it has it no more.")
            .Gives(StatusCodes.Status200OK, typeof(MessageBody)).Refuses(CommonProblems.NotFound, AdminProblems.RoleProtected, SecondStepsProblems.ReauthenticationRequired);
    }

    private static void MapRecords(IEndpointRouteBuilder routes)
    {
        var doors = routes.ServiceProvider.GetRequiredService<AdminRecordsEndpoints>();
        routes.Door("GET", "/api/admin/audit", doors.AuditAsync, AdminPermissions.AuditRead, Calls)
            .Says("Administration", "The audit log", "Newest first.")
            .Asks("account", "Only what this account did or what was done to it.").Asks("event", "Only this event.").Asks("from", "From this time on: RFC 3339, or a date.").Asks("to", "Before this time.").Asks("cursor", "The `next_cursor` of the page before.").AsksNumber("limit", "50 unless given.", 1, ListingQuery.MostItems)
            .Gives(StatusCodes.Status200OK, typeof(Page<AdminAuditBody>)).Refuses(CommonProblems.ValidationFailed);
        routes.Door("GET", "/api/admin/mail", doors.MailAsync, AdminPermissions.MailRead, Calls)
            .Says("Administration", "The outbox", "Newest first, without what the mails say.")
            .Asks("status", "In which state.", AdminRecordsEndpoints.MailStates).Asks("cursor", "The `next_cursor` of the page before.").AsksNumber("limit", "50 unless given.", 1, ListingQuery.MostItems)
            .Gives(StatusCodes.Status200OK, typeof(Page<AdminMailBody>)).Refuses(CommonProblems.ValidationFailed);
        routes.Door("POST", "/api/admin/mail/{id}/retry", doors.RetryMailAsync, AdminPermissions.MailWrite, Calls)
            .Says("Administration", "Send a mail again", "For one that was parked, or waits for its next try.")
            .TakesNothing()
            .Gives(StatusCodes.Status202Accepted, typeof(MessageBody)).Refuses(CommonProblems.NotFound, AdminProblems.MailNotRetried, SecondStepsProblems.ReauthenticationRequired);
        routes.Door("GET", "/api/admin/stats", doors.StatsAsync, AdminPermissions.StatsRead, Calls)
            .Says("Administration", "Figures", "Accounts, sessions, factors in use, mail, and sign-ins, failures and new accounts of the last 30 days in UTC.")
            .Gives(StatusCodes.Status200OK, typeof(StatsBody));
    }
}
