using System.Reflection;

namespace Cardea.Features.Audit;

/// <summary>Every kind that a room declares, gathered where it stands: there is no list to forget one in.</summary>
public static class AuditKinds
{
    private static readonly Lazy<IReadOnlyList<AuditKind>> Gathered = new(() => [.. typeof(AuditKinds).Assembly.GetTypes()
        .Where(type => type is { IsAbstract: true, IsSealed: true })
        .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
        .Where(field => field.FieldType == typeof(AuditKind))
        .Select(field => (AuditKind)field.GetValue(null)!)]);

    /// <summary>Gathered when first asked for: looking through every type is no work for a start.</summary>
    public static IReadOnlyList<AuditKind> All => Gathered.Value;
}
