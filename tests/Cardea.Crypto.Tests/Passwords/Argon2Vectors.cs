using System.Text.Json;

namespace Cardea.Crypto.Tests.Passwords;

/// <summary>Vectors/argon2-rfc9106.json: the tags of RFC 9106, section 5, and PHC strings made by another implementation.</summary>
internal sealed record Argon2Vectors(Argon2Vectors.RfcInputs Params, Dictionary<string, string> Tags, List<Argon2Vectors.PhcString> PhcStrings)
{
    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    internal sealed record RfcInputs(int MKib, int T, int P, string PasswordHex, string SaltHex, string SecretHex, string AdHex);

    internal sealed record PhcString(string Password, string Encoded, string Expect, string? Why);

    internal static Argon2Vectors Load()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Vectors", "argon2-rfc9106.json");
        return JsonSerializer.Deserialize<Argon2Vectors>(File.ReadAllText(path), SnakeCase)!;
    }
}
