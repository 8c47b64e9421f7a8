using System.ComponentModel.DataAnnotations;
using Cardea.Features.Accounts;
using Cardea.Features.Passwords;
using Cardea.Features.Roles;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Admin;

/// <summary>The JSON door to accounts, for administrators.</summary>
public sealed class AdminAccountsEndpoints(
    Database database, AccountSearchStore search, AccountDirectory directory, AccountDetails details, RoleStore roles,
    AccountCare care, AccountCreation creation, AccountDisabling disabling, PasswordSetting passwordSetting, FactorReset factorReset, PasswordPolicy policy, AccountInput input, Idempotency idempotency, Cursors cursors)
{
    internal static readonly string[] Statuses = ["active", "disabled", "unverified"];

    public async Task<IResult> ListAsync(HttpContext http)
    {
        var (query, refusal) = ListingQuery.Read(http.Request.Query, cursors, "users", "query", "status", "role");
        if (query is null)
        {
            return Answers.Problem(refusal!);
        }

        if (query.Filter("status") is { } status && !Statuses.Contains(status))
        {
            return Answers.Problem(FieldErrors.One("status", "Give one of active, disabled and unverified."));
        }

        return Answers.Json(await database.ReadAsync(async scope =>
        {
            var found = await search.ListAsync(scope, new(query.Filter("query")?.Trim(), query.Filter("status"), query.Filter("role")), query.Before, query.Limit + 1);
            var rolesOf = await roles.ListOfAccountsAsync(scope, [.. found.Select(account => account.Id)]);
            return query.PageOf(found, account => account.Id, account => AdminUserBody.Of(account, [.. rolesOf[account.Id]]));
        }));
    }

    public async Task<IResult> ShowAsync(HttpContext http) =>
        await details.FindAsync(IdOf(http)) is { } detail ? Answers.Json(detail) : Answers.Problem(CommonProblems.NotFound);

    public async Task<IResult> AddAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<AdminUserRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var errors = new FieldErrors();
        var profile = input.Parse(Profile(request), errors);
        if (request.Email is null)
        {
            errors.Add("email", Wording.EmailNeeded);
        }

        var password = request.Password is null || errors.Any ? null : policy.Accept(request.Password, "password", [profile.Email?.Text, request.Username, request.GivenName, request.FamilyName], errors);
        if (errors.Any)
        {
            return Answers.Problem(errors.ToProblem());
        }

        var made = new MadeAccount(
            profile.Email!.Value, request.Username is null ? null : Username.TryParse(request.Username, out var username) ? username : null, profile.GivenName.Value, profile.FamilyName.Value,
            request.Roles ?? [], request.IsVerified ?? false);
        if (made.Roles.Count > 0 && await care.RefuseToGiveAsync(http.Caller(), made.Roles) is { } tooMuch)
        {
            return Answers.Problem(tooMuch);
        }

        var (status, body, refusal) = await idempotency.OnceAsync(KeyOf(http), $"{http.Caller().AccountId} users", request, async () =>
        {
            var (account, refused) = await creation.AddAsync(made, password, By(http));
            return refused is null ? (StatusCodes.Status201Created, AdminUserBody.Of(account!, await RolesOfAsync(account!.Id)), null) : (0, (object?)null, refused);
        });
        return refusal is null ? Answers.Json(body, status) : Answers.Problem(refusal);
    }

    public async Task<IResult> ChangeAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<AdminProfileRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var errors = new FieldErrors();
        var change = input.Parse(new() { Email = request.Email, Username = request.Username, GivenName = request.GivenName, FamilyName = request.FamilyName }, errors);
        if (errors.Any)
        {
            return Answers.Problem(errors.ToProblem());
        }

        return await care.RefuseAsync(http.Caller(), IdOf(http)) is { } forbidden ? Answers.Problem(forbidden)
            : await care.ChangeAsync(IdOf(http), change, request.IsVerified, By(http)) is { } refusal ? Answers.Problem(refusal)
            : await ShowAsync(http);
    }

    public Task<IResult> DeleteAsync(HttpContext http) => ActAsync(http, care.DeleteAsync, "The account was deleted.");

    public Task<IResult> DisableAsync(HttpContext http) => ActAsync(http, disabling.DisableAsync, "The account is disabled, and its sessions have ended.");

    public Task<IResult> EnableAsync(HttpContext http) => ActAsync(http, disabling.EnableAsync, "The account is enabled.");

    public Task<IResult> UnlockAsync(HttpContext http) => ActAsync(http, care.UnlockAsync, "Sign-in can be tried again at once.");

    public Task<IResult> SignOutAsync(HttpContext http) => ActAsync(http, care.SignOutAsync, "All sessions of the account have ended.");

    public Task<IResult> EndSessionAsync(HttpContext http) =>
        ActAsync(http, (id, by) => care.EndSessionAsync(id, http.Request.RouteValues["session"]?.ToString() ?? "", by), "The session has ended.");

    public Task<IResult> SendResetAsync(HttpContext http) => ActAsync(http, care.SendResetAsync, "A mail with the next step is on its way to the owner.");

    public async Task<IResult> SetTemporaryPasswordAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<TemporaryPasswordRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        if (request.Password is null)
        {
            return await ActAsync(http, passwordSetting.MailAsync, "A temporary password is on its way to the owner by mail. All sessions have ended.");
        }

        var errors = new FieldErrors();
        var account = await directory.FindAsync(IdOf(http));
        if (policy.Accept(request.Password, "password", account is null ? [] : NewPassword.NamesOf(account.Account), errors) is not { } password)
        {
            return Answers.Problem(errors.ToProblem());
        }

        return await ActAsync(http, (id, by) => passwordSetting.SetAsync(id, password, by), "The temporary password is set. It must be changed at the next sign-in; all sessions have ended.");
    }

    public async Task<IResult> ResetFactorsAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<FactorResetRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        return await ActAsync(http, (id, by) => factorReset.RemoveFromConsoleAsync(id, request.KeepPasskeys ?? false, by), "The second factors were removed, and all sessions of the account have ended. Its owner is told by mail.");
    }

    public async Task<IResult> SetRolesAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<RolesRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        if (request.Roles is null || request.Roles.Any(role => role is null))
        {
            return Answers.Problem(FieldErrors.One("roles", "Give the roles as a list of names."));
        }

        return await care.RefuseAsync(http.Caller(), IdOf(http)) is { } forbidden ? Answers.Problem(forbidden)
            : await care.SetRolesAsync(IdOf(http), request.Roles, await care.RolesOfAsync(http.Caller()), By(http)) is { } refusal ? Answers.Problem(refusal)
            : await ShowAsync(http);
    }

    private async Task<IResult> ActAsync(HttpContext http, Func<string, Administrator, Task<Problem?>> act, string done) =>
        await care.RefuseAsync(http.Caller(), IdOf(http)) is { } forbidden ? Answers.Problem(forbidden)
        : await act(IdOf(http), By(http)) is { } refusal ? Answers.Problem(refusal)
        : Answers.Message(done);

    private Task<List<string>> RolesOfAsync(string id) => database.ReadAsync(scope => roles.ListOfAccountAsync(scope, id));

    private static ProfileRequest Profile(AdminUserRequest request) => new()
    {
        Email = new(request.Email is not null, request.Email),
        Username = new(request.Username is not null, request.Username),
        GivenName = new(request.GivenName is not null, request.GivenName),
        FamilyName = new(request.FamilyName is not null, request.FamilyName),
    };

    internal static Administrator By(HttpContext http) => new(http.Caller().AccountId, ClientInfo.Of(http));

    internal static string? KeyOf(HttpContext http) => http.Request.Headers.TryGetValue("Idempotency-Key", out var keys) ? keys.ToString() : null;

    private static string IdOf(HttpContext http) => (string)http.Request.RouteValues["id"]!;
}

public sealed record AdminProfileRequest
{
    [MaxLength(Accounts.Email.LongestText)]
    public Optional<string> Email { get; init; }

    [RegularExpression(Accounts.Username.Pattern)]
    public Optional<string> Username { get; init; }

    [MaxLength(PersonName.Longest)]
    public Optional<string> GivenName { get; init; }

    [MaxLength(PersonName.Longest)]
    public Optional<string> FamilyName { get; init; }

    public bool? IsVerified { get; init; }
}
