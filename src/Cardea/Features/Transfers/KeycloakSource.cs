using System.Text;
using System.Text.Json;
using Cardea.Crypto.Passwords;
using Cardea.Crypto.Text;

namespace Cardea.Features.Transfers;

/// <summary>
/// What <c>kc.sh export</c> writes: a realm with its users, or a file of users alone. Realm roles come along; client roles, groups and attributes have no
/// counterpart here.
/// </summary>
internal sealed class KeycloakSource(string path) : JsonUsersSource(path)
{
    /// <summary>What Keycloak gives everybody.</summary>
    private static readonly string[] OwnRoles = ["offline_access", "uma_authorization"];

    public override string System => "keycloak";

    protected override (SourceAccount? Account, Skipped? Fault) Convert(JsonElement user)
    {
        if (user.Text("serviceAccountClientId") is not null)
        {
            return (null, Skipped.ServiceAccount);
        }

        var credentials = user.Items("credentials").ToList();
        var password = credentials.Find(credential => credential.Text("type") == "password");
        var otp = credentials.Select(OtpSecret).FirstOrDefault(secret => secret is not null);
        var hash = password.ValueKind is JsonValueKind.Object ? Hash(password) : null;
        return (new()
        {
            Id = user.Text("id"),
            Email = user.Text("email"),
            EmailVerified = user.Flag("emailVerified"),
            Username = user.Text("username"),
            GivenName = user.Text("firstName"),
            FamilyName = user.Text("lastName"),
            Roles = [.. user.Texts("realmRoles").Where(role => !OwnRoles.Contains(role) && !role.StartsWith("default-roles-", StringComparison.Ordinal))],
            CreatedAt = user.Instant("createdTimestamp"),
            Disabled = user.Member("enabled") is { ValueKind: JsonValueKind.False },
            PasswordHash = hash,
            PasswordChangedAt = password.Instant("createdDate"),
            PasswordChangeRequired = password.Flag("temporary") || user.Texts("requiredActions").Contains("UPDATE_PASSWORD"),
            TotpSecret = otp,
            SecondFactor = credentials.Exists(credential => credential.Text("type") is "otp" or "webauthn"),
        }, null);
    }

    /// <summary>In a form that is read here; an unreadable text where it can't be brought into one, so that the row is skipped and not left without its password.</summary>
    private static string Hash(JsonElement credential)
    {
        using var secret = Inner(credential, "secretData");
        using var data = Inner(credential, "credentialData");
        if (secret is null || data is null)
        {
            return "unknown";
        }

        var (cost, parameters) = (data.RootElement, data.RootElement.Member("additionalParameters") ?? default);
        var (key, salt) = (JsonMembers.Base64(secret.RootElement.Text("value")), JsonMembers.Base64(secret.RootElement.Text("salt")));
        var algorithm = cost.Text("algorithm");
        if (key is null || salt is null || cost.Number("hashIterations") is not (> 0 and <= int.MaxValue and var iterations))
        {
            return "unknown";
        }

        return algorithm switch
        {
            "pbkdf2" => ForeignHash.Pbkdf2(0, (int)iterations, salt, key),
            "pbkdf2-sha256" => ForeignHash.Pbkdf2(1, (int)iterations, salt, key),
            "pbkdf2-sha512" => ForeignHash.Pbkdf2(2, (int)iterations, salt, key),
            "argon2" when First(parameters, "type") is ("id" or "i" or "d") and var type && First(parameters, "version") is "1.3"
                && Small(parameters, "memory") is { } memory && Small(parameters, "parallelism") is { } lanes =>
                ForeignHash.Argon2(type, 19, new Argon2Parameters(memory, (int)iterations, lanes), salt, key),
            _ => "unknown",
        };
    }

    /// <summary>Of an authenticator app that shows what all of them show: six digits, 30 seconds, SHA-1.</summary>
    private static string? OtpSecret(JsonElement credential)
    {
        if (credential.Text("type") != "otp")
        {
            return null;
        }

        using var secret = Inner(credential, "secretData");
        using var data = Inner(credential, "credentialData");
        if (secret is null || data is null || secret.RootElement.Text("value") is not { } value)
        {
            return null;
        }

        var settings = data.RootElement;
        if (settings.Text("subType") is not ("totp" or null) || settings.Number("digits") is not (6 or null) || settings.Number("period") is not (30 or null)
            || settings.Text("algorithm") is not ("HmacSHA1" or null))
        {
            return null;
        }

        // Without an encoding the text itself is the key, letter by letter; apps were shown its base32.
        return settings.Text("secretEncoding") switch
        {
            null => Base32Text.Encode(Encoding.UTF8.GetBytes(value)),
            "BASE32" => value,
            _ => null,
        };
    }

    /// <summary>JSON in a text, as Keycloak keeps the parts of a credential.</summary>
    private static JsonDocument? Inner(JsonElement credential, string name)
    {
        try
        {
            return credential.Text(name) is { } text ? JsonDocument.Parse(text) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? First(JsonElement parameters, string name) => parameters.Texts(name).FirstOrDefault();

    private static int? Small(JsonElement parameters, string name) =>
        int.TryParse(First(parameters, name), global::System.Globalization.NumberStyles.None, global::System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : null;
}
