using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.Tokens;

/// <param name="Replace">Taken by every path that issues tokens; a refresh makes no session, so here it changes nothing.</param>
[Needs("refresh_token")]
public sealed record RefreshRequest(string? RefreshToken = null, bool? Replace = null)
{
    public override string ToString() => "[refresh]";
}

public sealed class TokensEndpoints(RefreshRotation rotation)
{
    public async Task<IResult> RefreshAsync(HttpContext http)
    {
        if (!(await JsonBody.ReadAsync<RefreshRequest>(http)).IsRead(out var request, out var problem))
        {
            return Answers.Problem(problem);
        }

        if (string.IsNullOrEmpty(request.RefreshToken))
        {
            return Answers.Problem(FieldErrors.One("refresh_token", "The refresh token is missing."));
        }

        var (tokens, refusal) = await rotation.RotateAsync(request.RefreshToken, ClientInfo.Of(http));
        return refusal is null ? Answers.Json(tokens) : Answers.Problem(refusal);
    }
}
