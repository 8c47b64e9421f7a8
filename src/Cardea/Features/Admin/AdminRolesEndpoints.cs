using Cardea.Features.Accounts;
using Cardea.Features.Roles;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Admin;

/// <summary>The JSON door to roles.</summary>
public sealed class AdminRolesEndpoints(Database database, RoleStore roles, RolePermissions permissions, AccountDirectory directory, RoleKeeping keeping, Idempotency idempotency)
{
    public async Task<IResult> ListAsync(HttpContext http)
    {
        var stored = await database.ReadAsync(roles.ListAllAsync);
        var bodies = new List<RoleBody>();
        foreach (var role in stored)
        {
            bodies.Add(await BodyAsync(role));
        }

        return Answers.Json(new RolesBody(bodies, [.. permissions.All.Select(permission => new PermissionBody(permission.Name, permission.Meaning))]));
    }

    public async Task<IResult> AddAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<RoleRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var errors = new FieldErrors();
        keeping.Check(request, errors);
        if (string.IsNullOrEmpty(request.Name))
        {
            errors.Add("name", "Give the role a name.");
        }

        if (errors.Any)
        {
            return Answers.Problem(errors.ToProblem());
        }

        var (status, body, refusal) = await idempotency.OnceAsync(AdminAccountsEndpoints.KeyOf(http), $"{http.Caller().AccountId} roles", request, async () =>
        {
            var refused = await keeping.AddAsync(request.Name!, request.Description ?? "", request.Permissions ?? [], await RolesOfActorAsync(http), AdminAccountsEndpoints.By(http));
            return refused is null ? (StatusCodes.Status201Created, await FindAsync(request.Name!), null) : (0, (object?)null, refused);
        });
        return refusal is null ? Answers.Json(body, status) : Answers.Problem(refusal);
    }

    public async Task<IResult> ChangeAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<RoleRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        var errors = new FieldErrors();
        keeping.Check(request, errors);
        if (request.Name is not null && request.Name != NameOf(http))
        {
            errors.Add("name", "A role keeps its name.");
        }

        if (errors.Any)
        {
            return Answers.Problem(errors.ToProblem());
        }

        return await keeping.ChangeAsync(NameOf(http), request.Description, request.Permissions, await RolesOfActorAsync(http), AdminAccountsEndpoints.By(http)) is { } refusal
            ? Answers.Problem(refusal)
            : Answers.Json(await FindAsync(NameOf(http)));
    }

    public async Task<IResult> DeleteAsync(HttpContext http) =>
        await keeping.DeleteAsync(NameOf(http), await RolesOfActorAsync(http), AdminAccountsEndpoints.By(http)) is { } refusal
            ? Answers.Problem(refusal)
            : Answers.Message("The role was deleted. Nobody has it any more.");

    private async Task<RoleBody?> FindAsync(string name) =>
        (await database.ReadAsync(roles.ListAllAsync)).FirstOrDefault(role => role.Name == name) is { } found ? await BodyAsync(found) : null;

    private async Task<RoleBody> BodyAsync(StoredRole role) => new(
        role.Name, role.Description, await permissions.OfRoleAsync(role.Name), role.Name is RoleName.Admin or RoleName.User, role.CreatedAt == 0 ? null : role.CreatedAt.ToInstant());

    private async Task<IReadOnlyList<string>> RolesOfActorAsync(HttpContext http) => (await directory.FindAsync(http.Caller().AccountId))?.Roles ?? [];

    private static string NameOf(HttpContext http) => (string)http.Request.RouteValues["name"]!;
}
