namespace Cardea.Features.Roles;

/// <summary>The roles that exist from the start.</summary>
public static class RoleName
{
    public const string Admin = "admin";

    public const string User = "user";
}
