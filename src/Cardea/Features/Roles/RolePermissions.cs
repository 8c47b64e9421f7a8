using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Roles;

/// <summary>
/// What roles may do. The role <c>admin</c> may do everything that any room declares, also what a later version adds; the others what they were
/// given. From memory while nothing has changed.
/// </summary>
public sealed class RolePermissions
{
    public const string Topic = "role";

    private readonly SnapshotCache<IReadOnlyList<string>> _cache;
    private readonly Func<string, Task<IReadOnlyList<string>?>> _read;

    public RolePermissions(Database database, RoleStore store, IEnumerable<Permission> permissions, Invalidations invalidations)
    {
        _cache = new(Topic, invalidations, capacity: 1000);
        _read = async role => await database.ReadAsync(scope => store.ListPermissionsAsync(scope, role));
        All = [.. permissions.OrderBy(permission => permission.Name, StringComparer.Ordinal)];
    }

    /// <summary>Every permission that there is.</summary>
    public IReadOnlyList<Permission> All { get; }

    public async ValueTask<IReadOnlyList<string>> OfRoleAsync(string role) =>
        role == RoleName.Admin ? [.. All.Select(permission => permission.Name)] : await _cache.GetAsync(role, _read) ?? [];

    public async ValueTask<bool> HoldsAsync(IReadOnlyList<string> roles, string permission)
    {
        foreach (var role in roles)
        {
            if (role == RoleName.Admin || (role != RoleName.User && (await OfRoleAsync(role)).Contains(permission)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether these roles may do anything at all that not everybody may.</summary>
    public async ValueTask<bool> HoldsAnyAsync(IReadOnlyList<string> roles)
    {
        foreach (var role in roles)
        {
            if (role == RoleName.Admin || (role != RoleName.User && (await OfRoleAsync(role)).Count > 0))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether these roles may do all that those may: nobody gives away, or acts on, more than they have themselves.</summary>
    public async ValueTask<bool> CoversAsync(IReadOnlyList<string> roles, IReadOnlyList<string> others)
    {
        if (roles.Contains(RoleName.Admin))
        {
            return true;
        }

        foreach (var other in others)
        {
            if (other == RoleName.Admin)
            {
                return false;
            }

            foreach (var permission in await OfRoleAsync(other))
            {
                if (!await HoldsAsync(roles, permission))
                {
                    return false;
                }
            }
        }

        return true;
    }
}
