using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cardea.Crypto.Passwords;

namespace Cardea.Features.Transfers;

/// <summary>A project's "password hash parameters", as the Firebase console shows them.</summary>
internal sealed partial class FirebaseHashConfig
{
    public required byte[] SignerKey { get; init; }

    public required byte[] SaltSeparator { get; init; }

    public required int Rounds { get; init; }

    public required int MemoryCost { get; init; }

    public override string ToString() => "[hash parameters of a Firebase project]";

    /// <exception cref="InvalidDataException">A parameter is absent.</exception>
    public static FirebaseHashConfig Parse(string text)
    {
        var values = Parameter().Matches(text).DistinctBy(match => match.Groups[1].Value).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        int? Number(string name) => int.TryParse(values.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

        return JsonMembers.Base64(values.GetValueOrDefault("base64_signer_key")) is { Length: > 0 } key
            && JsonMembers.Base64(values.GetValueOrDefault("base64_salt_separator")) is { } separator
            && Number("rounds") is { } rounds
            && Number("mem_cost") is { } cost
            ? new() { SignerKey = key, SaltSeparator = separator, Rounds = rounds, MemoryCost = cost }
            : throw new InvalidDataException("The Firebase hash parameters need base64_signer_key, base64_salt_separator, rounds and mem_cost, as the console shows them.");
    }

    [GeneratedRegex(@"(base64_signer_key|base64_salt_separator|rounds|mem_cost)""?\s*[:=]\s*""?([A-Za-z0-9+/=_-]*)")]
    private static partial Regex Parameter();
}

/// <summary>What <c>firebase auth:export users.json</c> writes.</summary>
internal sealed class FirebaseSource(string path, FirebaseHashConfig? config) : JsonUsersSource(path)
{
    public override string System => "firebase";

    public override Task CheckAsync(CancellationToken cancellation) => config is null && JsonUsers.Read(File).Any(HasPassword)
        ? throw new InvalidDataException("The users have passwords, which can't be read without the project's hash parameters: --firebase-hash-config FILE.")
        : base.CheckAsync(cancellation);

    protected override (SourceAccount? Account, Skipped? Fault) Convert(JsonElement user)
    {
        var (givenName, familyName) = Names(user.Text("displayName"));
        return (new()
        {
            Id = user.Text("localId"),
            Email = user.Text("email"),
            EmailVerified = user.Flag("emailVerified"),
            GivenName = givenName,
            FamilyName = familyName,
            CreatedAt = user.Instant("createdAt"),
            LastLoginAt = user.Instant("lastSignedInAt"),
            Disabled = user.Flag("disabled"),
            PasswordHash = user.Text("passwordHash") is { Length: > 0 } hash ? Stored(hash, user.Text("salt")) : null,
            SecondFactor = user.Items("mfaInfo").Any(),
        }, null);
    }

    private string Stored(string hash, string? salt) =>
        config is not null && JsonMembers.Base64(hash) is { } hashBytes && JsonMembers.Base64(salt ?? "") is { } saltBytes
            ? FirebaseScryptFormat.ToStored(config.SignerKey, config.SaltSeparator, config.Rounds, config.MemoryCost, saltBytes, hashBytes) ?? "unknown"
            : "unknown";

    private static bool HasPassword(JsonUser user)
    {
        using (user.Document)
        {
            return user.Document?.RootElement.Text("passwordHash") is { Length: > 0 };
        }
    }

    /// <summary>One text there, two here: the last word is taken for the family's.</summary>
    private static (string? Given, string? Family) Names(string? displayName)
    {
        var name = displayName?.Trim() ?? "";
        var last = name.LastIndexOf(' ');
        return last < 0 ? (name.Length == 0 ? null : name, null) : (name[..last].TrimEnd(), name[(last + 1)..]);
    }
}
