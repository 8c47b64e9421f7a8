using Cardea.Foundation.Settings;

namespace Cardea.Features.Tokens;

public sealed record TokensOptions
{
    /// <summary>1 minute to 1 day. A verifier that asks nobody believes a token for so long after its session has ended.</summary>
    public TimeSpan AccessTokenLifetime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>A refresh token that is not used for so long is refused.</summary>
    public TimeSpan RefreshTokenLifetime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>The <c>aud</c> of access tokens; null is the public URL.</summary>
    public string? Audience { get; init; }

    internal static TokensOptions Read(SettingsReader settings) => new()
    {
        AccessTokenLifetime = TimeSpan.FromMinutes(settings.Number("Tokens:AccessTokenMinutes", 15, 1, 1440, "how long an access token lives, in minutes")),
        RefreshTokenLifetime = TimeSpan.FromDays(settings.Number("Tokens:RefreshTokenDays", 30, 1, 3650, "how long a refresh token may lie unused, in days")),
        Audience = settings.Text("Tokens:Audience", meaning: "the `aud` of access tokens; the public URL when unset"),
    };
}
