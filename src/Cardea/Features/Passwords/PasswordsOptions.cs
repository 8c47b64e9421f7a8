using Cardea.Crypto.Passwords;
using Cardea.Foundation.Settings;

namespace Cardea.Features.Passwords;

public enum RecoveryMethod
{
    /// <summary>A link that works once, for an hour.</summary>
    Link,

    /// <summary>Six digits, for ten minutes.</summary>
    Code,

    /// <summary>A random password that works once, for 15 minutes, beside the account's own, and must be changed at once.</summary>
    TemporaryPassword,
}

public sealed record PasswordsOptions
{
    /// <summary>Code points; 1 to 128.</summary>
    public int MinimumLength { get; init; } = 8;

    /// <summary>The cost of Argon2id (RFC 9106). A hash made at another cost is made anew at its owner's next sign-in.</summary>
    public Argon2Parameters Cost { get; init; } = Argon2Parameters.Minimum;

    /// <summary>Whether common and easily guessed passwords, and ones built from the account's own names, are refused.</summary>
    public bool RefuseCommon { get; init; } = true;

    public RecoveryMethod Recovery { get; init; }

    /// <summary>The first administrator's address, made when there is no administrator; null for none.</summary>
    public string? BootstrapEmail { get; init; }

    internal string? BootstrapPassword { get; init; }

    internal static PasswordsOptions Read(SettingsReader settings)
    {
        var cost = new Argon2Parameters(
            settings.Number("Passwords:MemoryKiB", 19_456, 1024, Argon2Parameters.MaxMemoryKiB, "memory of one Argon2id hash, in KiB"),
            settings.Number("Passwords:Iterations", 2, 1, Argon2Parameters.MaxIterations, "passes of Argon2id over it"),
            settings.Number("Passwords:Parallelism", 1, 1, Argon2Parameters.MaxParallelism, "lanes of Argon2id"));
        if (!cost.IsWithinBounds)
        {
            settings.Fault("Passwords:Iterations", $"{cost.Iterations}", $"allowed with {cost.MemoryKiB} KiB is at most {Argon2Parameters.MaxWorkKiB / cost.MemoryKiB}, or one hash takes minutes");
        }

        var options = new PasswordsOptions
        {
            MinimumLength = settings.Number("Passwords:MinimumLength", 8, 1, 128, "the shortest password, in characters"),
            Cost = cost,
            RefuseCommon = settings.Flag("Passwords:RefuseCommon", true, "whether common passwords and ones built from the account's own names are refused"),
            Recovery = settings.Choice("Recovery:Method", RecoveryMethod.Link, "`link`, `code` or `temporary-password`"),
            BootstrapEmail = settings.Text("Bootstrap:AdminEmail", meaning: "the address of the first administrator, made when there is none"),
            BootstrapPassword = settings.Secret("Bootstrap:AdminPassword", "the first administrator's password"),
        };
        Check(settings, options);
        return options;
    }

    private static void Check(SettingsReader settings, PasswordsOptions options)
    {
        if (options.BootstrapEmail is not null && !Accounts.Email.TryParse(options.BootstrapEmail, out _))
        {
            settings.Fault("Bootstrap:AdminEmail", options.BootstrapEmail, "allowed is one e-mail address");
        }

        if (options.BootstrapEmail is null != options.BootstrapPassword is null)
        {
            settings.Fault(options.BootstrapEmail is null ? "Bootstrap:AdminEmail" : "Bootstrap:AdminPassword", null, "needed are both the address and the password of the first administrator, or neither");
        }
        else if (options.BootstrapPassword is not null && (!PlainPassword.TryParse(options.BootstrapPassword, out var password) || password.Length < options.MinimumLength))
        {
            settings.Fault("Bootstrap:AdminPassword", Setting.Masked, $"allowed are {options.MinimumLength} characters to {PlainPassword.LongestInBytes} bytes");
        }
    }
}
