using Cardea.Crypto.Jose;
using Cardea.Foundation.Settings;

namespace Cardea.Features.SigningKeys;

public sealed record SigningKeysOptions
{
    /// <summary>How new access tokens are signed. Tokens signed before a change stay valid until they expire.</summary>
    public SigningAlgorithm Algorithm { get; init; } = SigningAlgorithm.ES256;

    /// <summary>The longest that a token signed by a key can live; the key is published at least as long after its last use.</summary>
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The age at which a key gets a successor by itself.</summary>
    public TimeSpan RotateAfter { get; init; } = TimeSpan.FromDays(90);

    internal static SigningKeysOptions Read(SettingsReader settings)
    {
        var given = settings.Text("Tokens:Algorithm", "ES256", "how access tokens are signed: `ES256`, `RS256` or `PS256`");
        if (!SigningAlgorithmName.TryParse(given, out var algorithm))
        {
            settings.Fault("Tokens:Algorithm", given, "allowed is ES256, RS256 or PS256");
        }

        return new() { Algorithm = algorithm, TokenLifetime = TimeSpan.FromMinutes(settings.Number("Tokens:AccessTokenMinutes", 15, 1, 1440, "how long an access token lives, in minutes")) };
    }
}
