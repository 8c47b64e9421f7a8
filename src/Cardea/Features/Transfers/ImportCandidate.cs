using Cardea.Crypto.Otp;
using Cardea.Crypto.Passwords;
using Cardea.Crypto.Text;
using Cardea.Features.Accounts;
using Cardea.Features.Roles;
using Cardea.Foundation.Data;

namespace Cardea.Features.Transfers;

/// <summary>A row whose values may stand in an account. Whether they are still free is not known yet.</summary>
internal sealed class ImportCandidate
{
    private const int LongestSourceId = 200;
    private const int MostRoles = 50;

    private ImportCandidate(Account account, string? sourceId, IReadOnlyList<string> roles, TotpSecret? totp) =>
        (Account, SourceId, Roles, Totp) = (account, sourceId, roles, totp);

    /// <summary>Its id is one that stays, or empty.</summary>
    public Account Account { get; }

    public string? SourceId { get; }

    /// <summary>As they are called here, <c>user</c> left out.</summary>
    public IReadOnlyList<string> Roles { get; }

    public TotpSecret? Totp { get; }

    public static (ImportCandidate? Candidate, Skipped? Why) Parse(SourceAccount source, bool keepsIds, ImportOptions options, long now)
    {
        if (source.Id is { Length: > LongestSourceId } || (source.Id?.Any(char.IsControl) ?? false))
        {
            return (null, Skipped.Invalid("id"));
        }

        if (string.IsNullOrWhiteSpace(source.Email))
        {
            return (null, Skipped.NoEmail);
        }

        if (!Email.TryParse(source.Email.Trim(), out var email))
        {
            return (null, Skipped.Invalid("email"));
        }

        // Where the username is the address, as many systems have it, there is none here: one signs in by the address anyway.
        Username? username = null;
        if (!string.IsNullOrEmpty(source.Username) && !(Email.TryParse(source.Username, out var same) && same == email))
        {
            if (!Username.TryParse(source.Username, out var parsed))
            {
                return (null, Skipped.Invalid("username"));
            }

            username = parsed;
        }

        if (!PersonName.TryParse(source.GivenName, out var givenName))
        {
            return (null, Skipped.Invalid("given_name"));
        }

        if (!PersonName.TryParse(source.FamilyName, out var familyName))
        {
            return (null, Skipped.Invalid("family_name"));
        }

        foreach (var (field, at) in new[] { ("created_at", source.CreatedAt), ("last_login_at", source.LastLoginAt), ("password_changed_at", source.PasswordChangedAt) })
        {
            if (at is { } instant && (instant < DateTimeOffset.UnixEpoch || instant.ToUnixTimeMilliseconds() > now + TimeSpan.MillisecondsPerDay))
            {
                return (null, Skipped.Invalid(field));
            }
        }

        var hash = string.IsNullOrEmpty(source.PasswordHash) ? null : ForeignHash.Normalize(source.PasswordHash);
        if (hash is not null && PasswordHasher.Examine(hash) is not StoredPasswordForm.Usable and var form)
        {
            return (null, form is StoredPasswordForm.Unknown ? Skipped.UnknownHash : Skipped.UnusableHash);
        }

        var (totp, lost) = ParseFactor(source, options);
        if (lost is not null)
        {
            return (null, lost);
        }

        var (roles, wrong) = ParseRoles(source.Roles, options);
        if (wrong is not null)
        {
            return (null, wrong);
        }

        var createdAt = Math.Min(now, source.CreatedAt?.ToUnixTimeMilliseconds() ?? now);
        var account = new Account
        {
            Id = keepsIds && IsOwnId(source.Id) ? source.Id! : "",
            Email = email.Text,
            Username = username?.Text,
            GivenName = givenName,
            FamilyName = familyName,
            PasswordHash = hash,
            PasswordChangedAt = hash is null ? null : source.PasswordChangedAt?.ToUnixTimeMilliseconds() ?? createdAt,
            PasswordChangeRequired = hash is not null && source.PasswordChangeRequired,
            EmailVerifiedAt = source.EmailVerified ? now : null,
            DisabledAt = source.Disabled ? now : null,
            HasSecondFactor = totp is not null,
            CreatedAt = createdAt,
            LastLoginAt = source.LastLoginAt?.ToUnixTimeMilliseconds(),
        };
        return (new(account, source.Id, roles!, totp), null);
    }

    /// <summary>An account that was guarded by a second factor is not left with its password alone unless somebody says so.</summary>
    private static (TotpSecret? Totp, Skipped? Lost) ParseFactor(SourceAccount source, ImportOptions options)
    {
        if (!string.IsNullOrEmpty(source.TotpSecret))
        {
            if (Base32Text.TryDecode(source.TotpSecret, out var bytes) && bytes.Length is >= 16 and <= 128)
            {
                return (TotpSecret.From(bytes), null);
            }

            return options.DropSecondFactors ? (null, null) : (null, Skipped.Invalid("totp_secret"));
        }

        return (null, source.SecondFactor && !options.DropSecondFactors ? Skipped.SecondFactor : null);
    }

    private static (IReadOnlyList<string>? Roles, Skipped? Why) ParseRoles(IReadOnlyList<string> given, ImportOptions options)
    {
        if (options.WithoutRoles)
        {
            return ([], null);
        }

        if (given.Count > MostRoles)
        {
            return (null, Skipped.Invalid("roles"));
        }

        return ([.. given.Select(role => options.RoleNames.GetValueOrDefault(role, role)).Where(role => role.Length > 0 && role != RoleName.User).Distinct(StringComparer.Ordinal)], null);
    }

    /// <summary>One that this program makes: an UUID of version 7, which other systems' random ids are not.</summary>
    private static bool IsOwnId(string? id) => id is not null && Id.IsWellFormed(id) && id[12] == '7' && id[16] is '8' or '9' or 'a' or 'b';
}
