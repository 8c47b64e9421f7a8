namespace Cardea.Foundation.Web;

/// <summary>Something that not everybody may do, declared by the room whose doors ask for it. Roles are given permissions by these names.</summary>
/// <param name="Name">Two words with a dot between them, such as <c>accounts.read</c>; stored with roles, never changes.</param>
/// <param name="Meaning">What whoever holds it may do, fit to show an administrator.</param>
public sealed record Permission(string Name, string Meaning);

/// <summary>Whether the caller holds a permission now: asked at each request, so that a role taken away is gone at once.</summary>
public delegate ValueTask<bool> IsPermitted(Caller caller, Permission permission);
