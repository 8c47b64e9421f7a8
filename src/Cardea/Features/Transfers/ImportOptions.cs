namespace Cardea.Features.Transfers;

public sealed record ImportOptions
{
    /// <summary>Everything but write.</summary>
    public bool DryRun { get; init; }

    /// <summary>Make roles that there are not; otherwise their rows are skipped.</summary>
    public bool CreateRoles { get; init; }

    /// <summary>Nobody gets a role but <c>user</c>.</summary>
    public bool WithoutRoles { get; init; }

    /// <summary>What roles are called there, and what here; an empty name drops one.</summary>
    public IReadOnlyDictionary<string, string> RoleNames { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether a row may make an administrator, or give any role that has permissions.</summary>
    public bool AllowAdmin { get; init; }

    /// <summary>Import accounts whose second factor can't come along, without it.</summary>
    public bool DropSecondFactors { get; init; }

    /// <summary>Import again what was imported before and is gone.</summary>
    public bool Again { get; init; }
}
