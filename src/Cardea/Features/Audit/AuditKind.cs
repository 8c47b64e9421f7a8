namespace Cardea.Features.Audit;

/// <summary>Something worth remembering, declared by the room where it happens. The name never changes: operators search for it.</summary>
public sealed record AuditKind(string Name, string Meaning);
