using System.Text.RegularExpressions;
using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Roles;
using Cardea.Foundation.Data;
using Cardea.Foundation.Problems;

namespace Cardea.Features.Admin;

/// <summary>Makes roles, changes what they may do, and deletes them. Nobody gives a role more than they may do themselves.</summary>
public sealed partial class RoleKeeping(Database database, RoleStore roles, RolePermissions permissions, AuditLog audit, TimeProvider clock)
{
    public const int LongestDescription = 200;

    /// <summary>As the document tells it. To .NET a dollar would also take a line break after the name.</summary>
    public const string NamePattern = Word + "$";

    private const string Word = "^[a-z][a-z0-9._-]{1,31}";

    public static bool IsName(string text) => RoleWord().IsMatch(text);

    /// <summary>What is wrong with a role as it was given; members that are null are not looked at.</summary>
    public void Check(RoleRequest request, FieldErrors errors)
    {
        if (request.Name is not null && !IsName(request.Name))
        {
            errors.Add("name", "2 to 32 lower-case letters, digits, dots, underscores or hyphens, beginning with a letter.");
        }

        if (request.Description is { } description && (description.Length > LongestDescription || description.Any(char.IsControl)))
        {
            errors.Add("description", new Phrase("At most {0} characters, on one line.", LongestDescription));
        }

        // A null among them is none either.
        if (request.Permissions?.Except(permissions.All.Select(permission => permission.Name)).ToList() is [var unknown, ..])
        {
            errors.Add("permissions", new Phrase("There is no permission {0}.", string.Concat((unknown ?? "null").Where(letter => letter is > ' ' and < '\u007f').Take(64))));
        }
    }

    public async Task<Problem?> AddAsync(string name, string description, IReadOnlyList<string> may, IReadOnlyList<string> ofActor, Administrator by)
    {
        if (!await MayGiveAsync(ofActor, may))
        {
            return CommonProblems.Forbidden;
        }

        return await database.WriteAsync(async transaction =>
        {
            if (!await roles.TryAddAsync(transaction, name, description, clock.Milliseconds()))
            {
                return AdminProblems.RoleTaken;
            }

            await roles.SetPermissionsAsync(transaction, name, may.Distinct());
            await audit.RecordAsync(transaction, AdminEvents.RoleAdded, null, by.Client, new { Role = name, Permissions = may }, actorId: by.Actor);
            transaction.Invalidate(RolePermissions.Topic, name);
            return null;
        });
    }

    public async Task<Problem?> ChangeAsync(string name, string? description, IReadOnlyList<string>? may, IReadOnlyList<string> ofActor, Administrator by)
    {
        if (name is RoleName.Admin or RoleName.User)
        {
            return AdminProblems.RoleProtected;
        }

        if (!await permissions.CoversAsync(ofActor, [name]) || (may is not null && !await MayGiveAsync(ofActor, may)))
        {
            return CommonProblems.Forbidden;
        }

        return await database.WriteAsync(async transaction =>
        {
            if (!await roles.ExistsAsync(transaction, name))
            {
                return CommonProblems.NotFound;
            }

            if (description is not null)
            {
                await roles.TryDescribeAsync(transaction, name, description);
            }

            if (may is not null)
            {
                await roles.SetPermissionsAsync(transaction, name, may.Distinct());
            }

            await audit.RecordAsync(transaction, AdminEvents.RoleChanged, null, by.Client, new { Role = name, Permissions = may }, actorId: by.Actor);
            transaction.Invalidate(RolePermissions.Topic, name);
            return null;
        });
    }

    public async Task<Problem?> DeleteAsync(string name, IReadOnlyList<string> ofActor, Administrator by)
    {
        if (name is RoleName.Admin or RoleName.User)
        {
            return AdminProblems.RoleProtected;
        }

        if (!await permissions.CoversAsync(ofActor, [name]))
        {
            return CommonProblems.Forbidden;
        }

        return await database.WriteAsync(async transaction =>
        {
            var holders = await roles.ListHoldersAsync(transaction, name);
            if (!await roles.TryRemoveAsync(transaction, name))
            {
                return CommonProblems.NotFound;
            }

            await audit.RecordAsync(transaction, AdminEvents.RoleDeleted, null, by.Client, new { Role = name, Holders = holders.Count }, actorId: by.Actor);
            transaction.Invalidate(RolePermissions.Topic, name);
            holders.ForEach(holder => transaction.Invalidate(AccountDirectory.Topic, holder));
            return null;
        });
    }

    private async Task<bool> MayGiveAsync(IReadOnlyList<string> ofActor, IReadOnlyList<string> may)
    {
        foreach (var permission in may)
        {
            if (!await permissions.HoldsAsync(ofActor, permission))
            {
                return false;
            }
        }

        return true;
    }

    [GeneratedRegex(Word + @"\z", RegexOptions.NonBacktracking)]
    private static partial Regex RoleWord();
}
