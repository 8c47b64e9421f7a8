using Cardea.Foundation.Data;

namespace Cardea.Features.Transfers;

/// <summary>A row of <c>AspNetUsers</c> with what belongs to it.</summary>
internal sealed class IdentityUser
{
    public required string Id { get; init; }

    public string? UserName { get; init; }

    public string? Email { get; init; }

    public long EmailConfirmed { get; init; }

    public string? PasswordHash { get; init; }

    public long TwoFactorEnabled { get; init; }

    public long LockoutEnabled { get; init; }

    /// <summary>As text, since it is text on one engine and an instant on the other.</summary>
    public string? LockoutEnd { get; init; }

    public string? AuthenticatorKey { get; init; }

    /// <summary>A name a line.</summary>
    public string? Roles { get; init; }

    public override string ToString() => "[user of ASP.NET Core Identity]";
}

/// <summary>The tables of ASP.NET Core Identity as Entity Framework makes them.</summary>
internal sealed class IdentityStore
{
    public async Task<bool> IsThereAsync(Scope scope) =>
        (await scope.QueryAsync<(string Table, string Column)>(scope.Dialect.Columns)).Select(row => row.Table).Distinct().Count(table => table is "AspNetUsers" or "AspNetUserRoles" or "AspNetRoles" or "AspNetUserTokens") == 4;

    public IAsyncEnumerable<IdentityUser> ReadAsync(Scope scope)
    {
        var lines = scope.Dialect.Engine is Engine.Postgres ? "string_agg(r.\"Name\", chr(10))" : "group_concat(r.\"Name\", char(10))";
        return scope.StreamAsync<IdentityUser>(
            $"""
            SELECT CAST(u."Id" AS TEXT) AS "Id", u."UserName" AS "UserName", u."Email" AS "Email", u."PasswordHash" AS "PasswordHash",
                CAST(CASE WHEN u."EmailConfirmed" THEN 1 ELSE 0 END AS BIGINT) AS "EmailConfirmed",
                CAST(CASE WHEN u."TwoFactorEnabled" THEN 1 ELSE 0 END AS BIGINT) AS "TwoFactorEnabled",
                CAST(CASE WHEN u."LockoutEnabled" THEN 1 ELSE 0 END AS BIGINT) AS "LockoutEnabled",
                CAST(u."LockoutEnd" AS TEXT) AS "LockoutEnd",
                (SELECT t."Value" FROM "AspNetUserTokens" t
                 WHERE t."UserId" = u."Id" AND t."LoginProvider" = '[AspNetUserStore]' AND t."Name" = 'AuthenticatorKey') AS "AuthenticatorKey",
                (SELECT {lines} FROM "AspNetUserRoles" ur JOIN "AspNetRoles" r ON r."Id" = ur."RoleId" WHERE ur."UserId" = u."Id") AS "Roles"
            FROM "AspNetUsers" u ORDER BY u."Id"
            """);
    }
}
