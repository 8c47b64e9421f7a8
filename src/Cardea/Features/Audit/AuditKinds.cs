using System.Reflection;

namespace Cardea.Features.Audit;

/// <summary>Every kind that a room declares, gathered where it stands: there is no list to forget one in.</summary>
public static class AuditKinds
{
    public static IReadOnlyList<AuditKind> All { get; } = [.. typeof(AuditKinds).Assembly.GetTypes()
        .Where(type => type is { IsAbstract: true, IsSealed: true })
        .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
        .Where(field => field.FieldType == typeof(AuditKind))
        .Select(field => (AuditKind)field.GetValue(null)!)];
}
