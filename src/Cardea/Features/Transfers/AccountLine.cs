using System.Text.Json;
using System.Text.Json.Serialization;
using Cardea.Foundation.Web;

namespace Cardea.Features.Transfers;

/// <summary>An account in the project's own form: a line of JSON, or a row of CSV whose columns have the members' names. What an export writes an import reads.</summary>
public sealed record AccountLine
{
    public static readonly JsonSerializerOptions Writing = new(CardeaJson.Writing) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>The columns of an export.</summary>
    public static readonly IReadOnlyList<string> Columns =
    [
        "id", "email", "email_verified", "username", "given_name", "family_name", "roles", "created_at", "last_login_at", "disabled", "password_change_required",
        "second_factor", "password_hash", "password_changed_at", "totp_secret",
    ];

    /// <summary>What other systems call the two names.</summary>
    public static readonly IReadOnlyList<string> Known = [.. Columns, "first_name", "last_name"];

    public string? Id { get; init; }

    public string? Email { get; init; }

    public bool? EmailVerified { get; init; }

    public string? Username { get; init; }

    public string? GivenName { get; init; }

    public string? FamilyName { get; init; }

    public string? FirstName { get; init; }

    public string? LastName { get; init; }

    public IReadOnlyList<string>? Roles { get; init; }

    [JsonConverter(typeof(FileInstant))]
    public DateTimeOffset? CreatedAt { get; init; }

    [JsonConverter(typeof(FileInstant))]
    public DateTimeOffset? LastLoginAt { get; init; }

    public bool? Disabled { get; init; }

    public bool? PasswordChangeRequired { get; init; }

    public bool? SecondFactor { get; init; }

    public string? PasswordHash { get; init; }

    [JsonConverter(typeof(FileInstant))]
    public DateTimeOffset? PasswordChangedAt { get; init; }

    public string? TotpSecret { get; init; }

    public override string ToString() => "[account of a file]";

    internal SourceAccount ToSource() => new()
    {
        Id = string.IsNullOrEmpty(Id) ? null : Id,
        Email = Email,
        EmailVerified = EmailVerified ?? false,
        Username = Username,
        GivenName = GivenName ?? FirstName,
        FamilyName = FamilyName ?? LastName,
        Roles = Roles ?? [],
        CreatedAt = CreatedAt,
        LastLoginAt = LastLoginAt,
        Disabled = Disabled ?? false,
        PasswordHash = PasswordHash,
        PasswordChangedAt = PasswordChangedAt,
        PasswordChangeRequired = PasswordChangeRequired ?? false,
        TotpSecret = TotpSecret,
        SecondFactor = SecondFactor ?? false,
    };

    /// <summary>In the order of <see cref="Columns"/>.</summary>
    internal IEnumerable<string?> ToCells() =>
    [
        Id, Email, Shown(EmailVerified), Username, GivenName, FamilyName, string.Join(' ', Roles ?? []), Shown(CreatedAt), Shown(LastLoginAt), Shown(Disabled), Shown(PasswordChangeRequired),
        Shown(SecondFactor), PasswordHash, Shown(PasswordChangedAt), TotpSecret,
    ];

    /// <summary>The row of a table; an empty cell is no value.</summary>
    internal static (AccountLine? Line, Skipped? Fault) Of(IReadOnlyList<string> columns, IReadOnlyList<string> cells)
    {
        if (cells.Count != columns.Count)
        {
            return (null, Skipped.Broken($"the row has {cells.Count} cells, the first line {columns.Count}"));
        }

        var values = columns.Zip(cells).Where(cell => cell.Second.Length > 0).DistinctBy(cell => cell.First).ToDictionary(cell => cell.First, cell => CsvRecords.Unguarded(cell.Second));
        string? wrong = null;
        string? Text(string column) => values.GetValueOrDefault(column);

        bool? Flag(string column)
        {
            var flag = Text(column)?.ToLowerInvariant() switch { null => (bool?)null, "true" or "1" or "yes" => true, "false" or "0" or "no" => false, _ => null };
            wrong = flag is null && Text(column) is not null ? column : wrong;
            return flag;
        }

        DateTimeOffset? Instant(string column)
        {
            if (Text(column) is not { } text)
            {
                return null;
            }

            if (FileInstant.TryParse(text, out var instant))
            {
                return instant;
            }

            wrong = column;
            return null;
        }

        var line = new AccountLine
        {
            Id = Text("id"),
            Email = Text("email"),
            EmailVerified = Flag("email_verified"),
            Username = Text("username"),
            GivenName = Text("given_name"),
            FamilyName = Text("family_name"),
            FirstName = Text("first_name"),
            LastName = Text("last_name"),
            Roles = Text("roles")?.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            CreatedAt = Instant("created_at"),
            LastLoginAt = Instant("last_login_at"),
            Disabled = Flag("disabled"),
            PasswordChangeRequired = Flag("password_change_required"),
            SecondFactor = Flag("second_factor"),
            PasswordHash = Text("password_hash"),
            PasswordChangedAt = Instant("password_changed_at"),
            TotpSecret = Text("totp_secret"),
        };
        return wrong is null ? (line, null) : (null, Skipped.Invalid(wrong));
    }

    private static string? Shown(bool? flag) => flag switch { null => null, true => "true", false => "false" };

    private static string? Shown(DateTimeOffset? at) => at is { } instant ? FileInstant.Shown(instant) : null;
}
