using System.Collections;
using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Passwords;
using Cardea.Features.Roles;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Admin;

/// <summary>The browser door to accounts, for administrators: the same deeds as the JSON door.</summary>
public sealed class AdminUsersPages(
    Database database, AccountSearchStore search, AccountDetails details, RoleStore roles, AuditStore audit, AccountCare care, AccountCreation creation, AccountDisabling disabling,
    PasswordSetting passwordSetting, FactorReset factorReset, Impersonation impersonation, PasswordPolicy policy, AccountInput input, AccountsOptions accountsOptions, Cursors cursors, IsPermitted isPermitted, Views views, TimeProvider clock)
{
    public const string Path = "/admin/users";
    private const int MostEvents = 25;

    internal static readonly Lazy<IReadOnlyDictionary<string, string>> Meanings = new(() => AuditKinds.All.ToDictionary(kind => kind.Name, kind => kind.Meaning));

    public async Task<IResult> ListAsync(HttpContext http)
    {
        var (query, refusal) = ListingQuery.Read(http.Request.Query, cursors, "users page", "query", "status", "role");
        if (query is null || (query.Filter("status") is { } status && !AdminAccountsEndpoints.Statuses.Contains(status)))
        {
            return PageDoors.Refuse(refusal ?? CommonProblems.ValidationFailed);
        }

        var (page, known) = await database.ReadAsync(async scope =>
        {
            var found = await search.ListAsync(scope, new(query.Filter("query")?.Trim(), query.Filter("status"), query.Filter("role")), query.Before, query.Limit + 1);
            var rolesOf = await roles.ListOfAccountsAsync(scope, [.. found.Select(account => account.Id)]);
            return (query.PageOf(found, account => account.Id, account => AdminUserBody.Of(account, [.. rolesOf[account.Id]])), await roles.ListAsync(scope));
        });
        return await views.ShowAsync<AdminUsersPage>(http, new
        {
            Users = page.Items,
            Query = query,
            Older = page.NextCursor is null ? null : query.Path(Path, page.NextCursor),
            Roles = (IReadOnlyList<string>)known,
            MayWrite = await isPermitted(http.Caller(), AdminPermissions.AccountsWrite),
        });
    }

    public Task<IResult> NewAsync(HttpContext http) => ShowNewAsync(http, FormState.Empty, StatusCodes.Status200OK);

    public async Task<IResult> AddAsync(HttpContext http, IFormCollection form)
    {
        var errors = new FieldErrors();
        var profile = input.Parse(ProfileOf(form), errors);
        var typed = form["temporary_password"].ToString();
        var password = typed.Length == 0 || errors.Any ? null
            : policy.Accept(typed, "temporary_password", [profile.Email?.Text, profile.Username.Value, profile.GivenName.Value, profile.FamilyName.Value], errors);
        if (errors.Any)
        {
            return await ShowNewAsync(http, Views.Again(http, form, errors.ToProblem()), StatusCodes.Status400BadRequest);
        }

        var made = new MadeAccount(
            profile.Email!.Value, Username.TryParse(profile.Username.Value, out var username) ? username : null, profile.GivenName.Value, profile.FamilyName.Value, RolesOf(form), form["is_verified"] == "true");
        var refusal = made.Roles.Count > 0 ? await care.RefuseToGiveAsync(http.Caller(), made.Roles) : null;
        Account? account = null;
        if (refusal is null)
        {
            (account, refusal) = await creation.AddAsync(made, password, AdminAccountsEndpoints.By(http));
        }

        return refusal is null
            ? views.Redirect(http, $"{Path}/{account!.Id}", FlashKind.Success, password is null ? "The account was made, and an invitation is on its way." : "The account was made. The password must be changed at the first sign-in.")
            : await ShowNewAsync(http, Views.Again(http, form, AtItsField(refusal)), refusal.Status);
    }

    public Task<IResult> ShowAsync(HttpContext http) => ShowAsync(http, new { }, StatusCodes.Status200OK);

    public async Task<IResult> ChangeAsync(HttpContext http, IFormCollection form)
    {
        var errors = new FieldErrors();
        var change = input.Parse(ProfileOf(form), errors);
        var refusal = await care.RefuseAsync(http.Caller(), IdOf(http));
        if (refusal is null && errors.Any)
        {
            refusal = errors.ToProblem();
        }

        if (refusal is null && await details.FindAsync(IdOf(http)) is { } before)
        {
            // An address that stays is none that was given: the form always has one.
            refusal = await care.ChangeAsync(IdOf(http), change.Email?.Text == before.User.Email ? change with { Email = null } : change, isVerified: null, AdminAccountsEndpoints.By(http));
        }

        return refusal is null ? views.Redirect(http, Here(http), FlashKind.Success, "The account was changed.")
            : refusal.Code == CommonProblems.NotFound.Code ? PageDoors.Refuse(refusal)
            : await ShowAsync(http, new { Profile = Views.Again(http, form, AtItsField(refusal)) }, refusal.Status);
    }

    public Task<IResult> ConfirmAddressAsync(HttpContext http, IFormCollection form) => ActAsync(
        http, (id, by) => care.ChangeAsync(id, new(null, default, default, default), isVerified: true, by), "The address counts as confirmed.");

    public async Task<IResult> SetRolesAsync(HttpContext http, IFormCollection form)
    {
        var mine = await care.RolesOfAsync(http.Caller());
        return await ActAsync(http, (id, by) => care.SetRolesAsync(id, RolesOf(form), mine, by), "The roles were changed.");
    }

    public Task<IResult> DisableAsync(HttpContext http, IFormCollection form) => ActAsync(http, disabling.DisableAsync, "The account is disabled, and its sessions have ended.");

    public Task<IResult> EnableAsync(HttpContext http, IFormCollection form) => ActAsync(http, disabling.EnableAsync, "The account is enabled.");

    public Task<IResult> UnlockAsync(HttpContext http, IFormCollection form) => ActAsync(http, care.UnlockAsync, "Sign-in can be tried again at once.");

    public Task<IResult> SignOutAsync(HttpContext http, IFormCollection form) => ActAsync(http, care.SignOutAsync, "All sessions of the account have ended.");

    /// <summary>A page that has been open for a while shows sessions that are over.</summary>
    public async Task<IResult> EndSessionAsync(HttpContext http, IFormCollection form) => await care.RefuseAsync(http.Caller(), IdOf(http)) is { } forbidden ? PageDoors.Refuse(forbidden)
        : await care.EndSessionAsync(IdOf(http), form["session"].ToString(), AdminAccountsEndpoints.By(http)) is null ? views.Redirect(http, Here(http), FlashKind.Success, "The session has ended.")
        : views.Redirect(http, Here(http), FlashKind.Notice, "That session was over already.");

    public Task<IResult> SendResetAsync(HttpContext http, IFormCollection form) => ActAsync(http, care.SendResetAsync, "A mail with the next step is on its way to the owner.");

    public Task<IResult> SetTemporaryPasswordAsync(HttpContext http, IFormCollection form) =>
        ActAsync(http, passwordSetting.MailAsync, "A temporary password is on its way to the owner by mail. All sessions have ended.");

    public Task<IResult> ResetFactorsAsync(HttpContext http, IFormCollection form) => ActAsync(
        http, (id, by) => factorReset.RemoveFromConsoleAsync(id, form["keep_passkeys"] == "true", by), "The second factors were removed, and all sessions have ended. The owner is told by mail.");

    /// <summary>Asks for the address to be typed: a click in the wrong row is quickly made, and this one can't be taken back.</summary>
    public async Task<IResult> DeleteAsync(HttpContext http, IFormCollection form)
    {
        if (await care.RefuseAsync(http.Caller(), IdOf(http)) is { } forbidden)
        {
            return PageDoors.Refuse(forbidden);
        }

        if (await details.FindAsync(IdOf(http)) is { } account && form["confirm"].ToString().Trim() != account.User.Email)
        {
            var wrong = FieldErrors.One("confirm", "This is not the address of the account.");
            return await ShowAsync(http, new { Deletion = Views.Again(http, form, wrong) }, wrong.Status);
        }

        return await care.DeleteAsync(IdOf(http), AdminAccountsEndpoints.By(http)) is { } refusal
            ? views.Redirect(http, Here(http), FlashKind.Error, refusal.Detail)
            : views.Redirect(http, Path, FlashKind.Success, "The account was deleted.");
    }

    private async Task<IResult> ActAsync(HttpContext http, Func<string, Administrator, Task<Problem?>> act, string done) =>
        await care.RefuseAsync(http.Caller(), IdOf(http)) is { } forbidden ? PageDoors.Refuse(forbidden)
        : await act(IdOf(http), AdminAccountsEndpoints.By(http)) is { } refusal ? views.Redirect(http, Here(http), FlashKind.Error, refusal.Detail)
        : views.Redirect(http, Here(http), FlashKind.Success, done);

    private async Task<IResult> ShowNewAsync(HttpContext http, FormState state, int status) => await views.ShowAsync<AdminUserNewPage>(http, new
    {
        State = state,
        Roles = (IReadOnlyList<string>)await database.ReadAsync(roles.ListAsync),
        MayGiveRoles = await isPermitted(http.Caller(), AdminPermissions.RolesWrite),
    }, status);

    private async Task<IResult> ShowAsync(HttpContext http, object state, int status)
    {
        var id = IdOf(http);
        if (await details.FindAsync(id) is not { } detail)
        {
            return PageDoors.Refuse(CommonProblems.NotFound);
        }

        var caller = http.Caller();
        var mayReadAudit = await isPermitted(caller, AdminPermissions.AuditRead);
        var (history, known) = await database.ReadAsync(async scope => (
            mayReadAudit ? await audit.ListAsync(scope, id, null, null, null, ListingQuery.FromTheNewest, MostEvents) : [], await roles.ListAsync(scope)));
        var parameters = state.GetType().GetProperties().ToDictionary(property => property.Name, property => property.GetValue(state));
        parameters["Detail"] = detail;
        parameters["Factors"] = FactorsOf(detail);
        parameters["HasFactors"] = FactorsOf(detail).Any(factor => factor.State.English != "none");
        parameters["Obstacles"] = await ObstaclesAsync(detail.User, http);
        parameters["Roles"] = (IReadOnlyList<string>)known;
        parameters["History"] = (IReadOnlyList<AuditEvent>)history;
        parameters["Meanings"] = Meanings.Value;
        parameters["MayReadAudit"] = mayReadAudit;
        parameters["MayWrite"] = await isPermitted(caller, AdminPermissions.AccountsWrite) && await care.RefuseAsync(caller, id) is null;
        parameters["MayGiveRoles"] = await isPermitted(caller, AdminPermissions.RolesWrite) && await care.RefuseAsync(caller, id) is null;
        parameters["MayView"] = await isPermitted(caller, AdminPermissions.AccountsImpersonate) && await impersonation.IsOfferedAsync(detail.User.Roles, detail.User.Status == "disabled");
        return await views.ShowAsync<AdminUserPage>(http, parameters, status);
    }

    /// <summary>What keeps the owner from signing in, in the order in which a sign-in meets it.</summary>
    private async Task<IReadOnlyList<Phrase>> ObstaclesAsync(AdminUserBody user, HttpContext http)
    {
        var (obstacles, texts) = (new List<Phrase>(), Texts.In(Languages.Of(http.Request)));
        var (password, codes) = await care.FindBlocksAsync(user.Id);
        if (password is { } until)
        {
            obstacles.Add(IsForGood(until) ? new Phrase("Too many wrong passwords: sign-in is locked until it is unlocked, or a new password is set.") : new Phrase("Too many wrong passwords: sign-in is locked until {0}.", texts.Time(until.ToInstant())));
        }

        if (user.DisabledAt is { } disabled)
        {
            obstacles.Add(new Phrase("The account has been disabled since {0}.", texts.Time(disabled)));
        }

        if (!user.IsVerified && accountsOptions.RequireVerifiedEmail)
        {
            obstacles.Add(new Phrase("The e-mail address is not confirmed."));
        }

        if (codes is { } later)
        {
            obstacles.Add(IsForGood(later) ? new Phrase("Too many wrong codes: codes are locked until the account is unlocked.") : new Phrase("Too many wrong codes: codes are locked until {0}.", texts.Time(later.ToInstant())));
        }

        if (!user.HasPassword)
        {
            obstacles.Add(new Phrase("No password is set."));
        }
        else if (user.PasswordChangeRequired)
        {
            obstacles.Add(new Phrase("The password is temporary and must be changed at the next sign-in."));
        }

        return obstacles;
    }

    private bool IsForGood(long until) => until - clock.Milliseconds() > TimeSpan.FromDays(3650).TotalMilliseconds;

    private static IReadOnlyList<(Phrase Name, Phrase State)> FactorsOf(AdminUserDetailBody detail)
    {
        Phrase Count(string member) => detail.Factors.GetValueOrDefault(member) switch
        {
            int number => Many(number),
            long number => Many(number),
            IEnumerable rows and not string => Many(rows.Cast<object>().Count()),
            _ => new Phrase("none"),
        };
        return
        [
            (new Phrase("Authenticator app"), detail.Factors.GetValueOrDefault("totp") is true ? new Phrase("set up") : new Phrase("none")),
            (new Phrase("Passkeys"), Count("passkeys")),
            (new Phrase("Recovery codes left"), Count("recovery_codes_left")),
            (new Phrase("Trusted devices"), Count("trusted_devices")),
        ];
    }

    private static Phrase Many(long number) => number == 0 ? new Phrase("none") : new Phrase("{0}", number);

    private static string[] RolesOf(IFormCollection form) => [.. form["roles"].OfType<string>().Where(role => role.Length > 0)];

    private static ProfileRequest ProfileOf(IFormCollection form)
    {
        Optional<string> Given(string field) => new(true, form[field].ToString().Trim() is { Length: > 0 } text ? text : null);
        return new() { Email = new(true, form["email"].ToString().Trim()), Username = Given("username"), GivenName = Given("given_name"), FamilyName = Given("family_name") };
    }

    private static Problem AtItsField(Problem refusal) =>
        refusal.Code == AccountProblems.EmailTaken.Code ? refusal.At("email") : refusal.Code == AccountProblems.UsernameTaken.Code ? refusal.At("username") : refusal;

    private static string IdOf(HttpContext http) => (string)http.Request.RouteValues["id"]!;

    private static string Here(HttpContext http) => $"{Path}/{IdOf(http)}";
}
