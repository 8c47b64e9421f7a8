using Cardea.Foundation.Problems;

namespace Cardea.Features.Tokens;

public static class TokenProblems
{
    public static readonly Problem InvalidToken = new("invalid_token", 401, "The refresh token is not valid", "Please sign in again: the refresh token is not valid any more.");
}
