using Cardea.Foundation.Web;
using Microsoft.AspNetCore.Http;

namespace Cardea.Features.RecoveryCodes;

public sealed record RecoveryCodesBody(IReadOnlyList<string> RecoveryCodes)
{
    public override string ToString() => "[recovery codes]";
}

/// <summary>The JSON door to recovery codes.</summary>
public sealed class RecoveryCodesEndpoints(RecoveryCodeRenewal renewal)
{
    public async Task<IResult> RenewAsync(HttpContext http)
    {
        var (codes, refusal) = await renewal.RenewAsync(http.Caller(), ClientInfo.Of(http));
        return refusal is null ? Answers.Json(new RecoveryCodesBody(codes!), StatusCodes.Status201Created) : Answers.Problem(refusal);
    }
}
