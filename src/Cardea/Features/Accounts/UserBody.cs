using Cardea.Foundation.Data;

namespace Cardea.Features.Accounts;

/// <summary>A user as the outside sees one.</summary>
public sealed record UserBody(
    string Id, string? Username, string Email, bool IsVerified, string? GivenName, string? FamilyName, IReadOnlyList<string> Roles,
    DateTimeOffset CreatedAt, DateTimeOffset? LastLoginAt)
{
    public static UserBody Of(AccountSnapshot snapshot) => Of(snapshot.Account, snapshot.Roles);

    public static UserBody Of(Account account, IReadOnlyList<string> roles) => new(
        account.Id, account.Username, account.Email, account.IsVerified, account.GivenName, account.FamilyName, roles,
        account.CreatedAt.ToInstant(), account.LastLoginAt.ToInstant());
}
