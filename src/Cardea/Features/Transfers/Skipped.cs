namespace Cardea.Features.Transfers;

/// <summary>Why a row was not imported. The word is for programs and never changes; the detail, for people, names a field or a role and no value that could be secret.</summary>
public sealed record Skipped(string Reason, string? Detail = null)
{
    public static Skipped Broken(string what) => new("broken", what);

    public static Skipped TooLong(string what) => new("too_long", what);

    public static Skipped Invalid(string field) => new("invalid_value", field);

    public static readonly Skipped NoEmail = new("no_email");
    public static readonly Skipped ServiceAccount = new("service_account");
    public static readonly Skipped Doubled = new("doubled_in_file");
    public static readonly Skipped UsernameTaken = new("username_taken");
    public static readonly Skipped IdTaken = new("id_taken");
    public static readonly Skipped UnknownHash = new("unknown_hash");
    public static readonly Skipped UnusableHash = new("unusable_hash");
    public static readonly Skipped SecondFactor = new("second_factor");

    public static Skipped UnknownField(string field) => new("unknown_field", Shown(field));

    public static Skipped UnknownRole(string role) => new("unknown_role", Shown(role));

    public static Skipped Administrator(string role) => new("administrator", Shown(role));

    private static string Shown(string name) => name.Length <= 64 ? name : name[..64] + "…";
}
