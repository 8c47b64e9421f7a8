using Cardea.Features.Roles;
using Cardea.Features.Shared;
using Cardea.Foundation.Data;
using Cardea.Foundation.Pages;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Admin;

/// <summary>The browser door to roles.</summary>
public sealed class AdminRolesPages(Database database, RoleStore roles, RolePermissions permissions, RoleKeeping keeping, AccountCare care, IsPermitted isPermitted, Views views)
{
    public const string Path = "/admin/roles";

    public Task<IResult> ListAsync(HttpContext http) => ShowListAsync(http, FormState.Empty, StatusCodes.Status200OK);

    public async Task<IResult> AddAsync(HttpContext http, IFormCollection form)
    {
        var request = new RoleRequest(form["name"].ToString().Trim(), form["description"].ToString().Trim(), PermissionsOf(form));
        var errors = new FieldErrors();
        keeping.Check(request, errors);
        var refusal = errors.Any ? errors.ToProblem()
            : await keeping.AddAsync(request.Name!, request.Description!, request.Permissions!, await care.RolesOfAsync(http.Caller()), AdminAccountsEndpoints.By(http));
        return refusal is null
            ? views.Redirect(http, Path, FlashKind.Success, "The role was made. Accounts are given it on their own pages.")
            : await ShowListAsync(http, Views.Again(http, form, refusal.Code == AdminProblems.RoleTaken.Code ? refusal.At("name") : refusal), refusal.Status);
    }

    public Task<IResult> ShowAsync(HttpContext http) => ShowAsync(http, FormState.Empty, StatusCodes.Status200OK);

    public async Task<IResult> ChangeAsync(HttpContext http, IFormCollection form)
    {
        var request = new RoleRequest(null, form["description"].ToString().Trim(), PermissionsOf(form));
        var errors = new FieldErrors();
        keeping.Check(request, errors);
        var refusal = errors.Any ? errors.ToProblem()
            : await keeping.ChangeAsync(NameOf(http), request.Description, request.Permissions, await care.RolesOfAsync(http.Caller()), AdminAccountsEndpoints.By(http));
        return refusal is null
            ? views.Redirect(http, Path, FlashKind.Success, "The role was changed. It is true at once for everybody who has it.")
            : await ShowAsync(http, Views.Again(http, form, refusal), refusal.Status);
    }

    public async Task<IResult> DeleteAsync(HttpContext http, IFormCollection form) =>
        await keeping.DeleteAsync(NameOf(http), await care.RolesOfAsync(http.Caller()), AdminAccountsEndpoints.By(http)) is { } refusal
            ? views.Redirect(http, Path, FlashKind.Error, refusal.Detail)
            : views.Redirect(http, Path, FlashKind.Success, "The role was deleted. Nobody has it any more.");

    private async Task<IResult> ShowListAsync(HttpContext http, FormState state, int status)
    {
        var bodies = new List<RoleBody>();
        foreach (var role in await database.ReadAsync(roles.ListAllAsync))
        {
            bodies.Add(await BodyAsync(role));
        }

        return await views.ShowAsync<AdminRolesPage>(http, new
        {
            Roles = (IReadOnlyList<RoleBody>)bodies,
            Permissions = permissions.All,
            State = state,
            MayWrite = await isPermitted(http.Caller(), AdminPermissions.RolesWrite),
        }, status);
    }

    private async Task<IResult> ShowAsync(HttpContext http, FormState state, int status)
    {
        if ((await database.ReadAsync(roles.ListAllAsync)).FirstOrDefault(role => role.Name == NameOf(http)) is not { } found)
        {
            return PageDoors.Refuse(CommonProblems.NotFound);
        }

        var holders = await database.ReadAsync(scope => roles.CountHoldersAsync(scope, found.Name));
        var mayWrite = await isPermitted(http.Caller(), AdminPermissions.RolesWrite);
        return await views.ShowAsync<AdminRolePage>(http, new { Role = await BodyAsync(found), Permissions = permissions.All, State = state, Holders = holders, MayWrite = mayWrite }, status);
    }

    private async Task<RoleBody> BodyAsync(StoredRole role) => new(
        role.Name, role.Description, await permissions.OfRoleAsync(role.Name), role.Name is RoleName.Admin or RoleName.User, role.CreatedAt == 0 ? null : role.CreatedAt.ToInstant());

    private static string[] PermissionsOf(IFormCollection form) => [.. form["permissions"].OfType<string>()];

    private static string NameOf(HttpContext http) => (string)http.Request.RouteValues["name"]!;
}
