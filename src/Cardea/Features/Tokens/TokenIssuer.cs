using Cardea.Features.Accounts;
using Cardea.Features.Sessions;

namespace Cardea.Features.Tokens;

/// <summary>What a sign-in or a refresh gives (RFC 6749 section 5.1).</summary>
public sealed record TokenBody(string AccessToken, string TokenType, int ExpiresIn, string RefreshToken, UserBody User)
{
    public override string ToString() => "[tokens]";
}

public sealed class TokenIssuer(AccessTokens accessTokens, RefreshTokenFormat format, TokensOptions options)
{
    public async ValueTask<TokenBody> IssueAsync(AccountSnapshot account, Session session, RefreshToken refreshToken) => new(
        await accessTokens.IssueAsync(account, session), "bearer", (int)options.AccessTokenLifetime.TotalSeconds, format.Write(refreshToken), UserBody.Of(account));
}
