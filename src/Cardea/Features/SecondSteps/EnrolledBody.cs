using System.Text.Json.Serialization;
using Cardea.Features.Accounts;
using Cardea.Features.Tokens;
using Cardea.Foundation.Problems;

namespace Cardea.Features.SecondSteps;

/// <summary>What setting up a first factor gives; the tokens only to a sign-in that had to set it up.</summary>
public sealed record EnrolledBody(
    IReadOnlyList<string> RecoveryCodes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? AccessToken = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? TokenType = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? ExpiresIn = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RefreshToken = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] UserBody? User = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, object?>? Next = null)
{
    /// <param name="tokens">Null where something else stands in the way of the sign-in; the factor is set up all the same.</param>
    /// <param name="refusal">What stands in the way: told beside the codes, which are shown this once.</param>
    public static EnrolledBody Of(IReadOnlyList<string> recoveryCodes, TokenBody? tokens, Problem? refusal) =>
        new(recoveryCodes, tokens?.AccessToken, tokens?.TokenType, tokens?.ExpiresIn, tokens?.RefreshToken, tokens?.User, refusal is null ? null : new Dictionary<string, object?>(refusal.Extensions ?? new Dictionary<string, object?>())
        {
            ["code"] = refusal.Code,
            ["detail"] = refusal.Detail,
        });

    public override string ToString() => "[recovery codes]";
}
