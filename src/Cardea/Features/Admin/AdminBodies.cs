using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Cardea.Features.Accounts;
using Cardea.Features.Audit;
using Cardea.Features.Mail;
using Cardea.Features.Passwords;
using Cardea.Features.Sessions;
using Cardea.Foundation.Data;
using Cardea.Foundation.Web;

namespace Cardea.Features.Admin;

/// <summary>An account as an administrator sees it.</summary>
public sealed record AdminUserBody(
    string Id, string? Username, string Email, bool IsVerified, string? GivenName, string? FamilyName, IReadOnlyList<string> Roles, DateTimeOffset CreatedAt, DateTimeOffset? LastLoginAt,
    string Status, DateTimeOffset? DisabledAt, bool HasPassword, bool PasswordChangeRequired, bool HasSecondFactor)
{
    public static AdminUserBody Of(Account account, IReadOnlyList<string> roles) => new(
        account.Id, account.Username, account.Email, account.IsVerified, account.GivenName, account.FamilyName, roles, account.CreatedAt.ToInstant(), account.LastLoginAt.ToInstant(),
        account.IsDisabled ? "disabled" : "active", account.DisabledAt.ToInstant(), account.PasswordHash is not null, account.PasswordChangeRequired, account.HasSecondFactor);

    public override string ToString() => $"[account {Id}]";
}

/// <summary>One account with what hangs on it.</summary>
public sealed record AdminUserDetailBody(AdminUserBody User, IReadOnlyList<SessionBody> Sessions, IReadOnlyDictionary<string, object?> Factors);

[Needs("email")]
public sealed record AdminUserRequest(
    [property: MaxLength(Accounts.Email.LongestText)] string? Email = null, [property: RegularExpression(Accounts.Username.Pattern)] string? Username = null, [property: MaxLength(PersonName.Longest)] string? GivenName = null, [property: MaxLength(PersonName.Longest)] string? FamilyName = null,
    [property: MaxLength(PlainPassword.LongestInBytes)] string? Password = null, IReadOnlyList<string>? Roles = null, bool? IsVerified = null)
{
    public override string ToString() => "[new account]";
}

public sealed record TemporaryPasswordRequest([property: MaxLength(PlainPassword.LongestInBytes)] string? Password = null)
{
    public override string ToString() => "[temporary password]";
}

/// <param name="KeepPasskeys">For an owner who has lost the phone with the app and not the key.</param>
public sealed record FactorResetRequest(bool? KeepPasskeys = null);

/// <summary>A token by which an administrator views an account. There is none that prolongs it.</summary>
public sealed record ImpersonationBody(string AccessToken, string TokenType, int ExpiresIn, UserBody User)
{
    public override string ToString() => "[viewing]";
}

[Needs("roles")]
public sealed record RolesRequest(IReadOnlyList<string>? Roles = null);

public sealed record RoleRequest([property: RegularExpression(RoleKeeping.NamePattern)] string? Name = null, [property: MaxLength(RoleKeeping.LongestDescription)] string? Description = null, IReadOnlyList<string>? Permissions = null);

public sealed record RoleBody(string Name, string Description, IReadOnlyList<string> Permissions, bool BuiltIn, DateTimeOffset? CreatedAt);

public sealed record PermissionBody(string Name, string Meaning);

public sealed record RolesBody(IReadOnlyList<RoleBody> Items, IReadOnlyList<PermissionBody> Permissions);

public sealed record AdminAuditBody(
    string Id, string Event, DateTimeOffset At, string? AccountId, string? ActorId, string? SessionId, string? Address, string? UserAgent, string? RequestId, JsonElement? Detail)
{
    public static AdminAuditBody Of(AuditEvent row) => new(
        row.Id, row.Event, row.At.ToInstant(), row.AccountId, row.ActorId, row.SessionId, row.Address, row.UserAgent, row.RequestId,
        row.Detail is null ? null : JsonSerializer.Deserialize<JsonElement>(row.Detail));
}

/// <summary>A mail on its way, without what it says: that is its recipient's.</summary>
public sealed record AdminMailBody(
    string Id, string Template, string To, string? AccountId, string Status, long Attempts, DateTimeOffset CreatedAt, DateTimeOffset? NextAttemptAt, DateTimeOffset? FinishedAt, string? LastError, bool CanRetry)
{
    public static AdminMailBody Of(OutboxMail mail, long now) => new(
        mail.Id, mail.Template, mail.Recipient, mail.AccountId, mail.State, mail.Attempts, mail.CreatedAt.ToInstant(), mail.State == MailState.Queued ? mail.NextAttemptAt.ToInstant() : null,
        mail.FinishedAt.ToInstant(), mail.LastError, mail.State != MailState.Sent && mail.Content is not null && mail.SendBefore > now);
}
