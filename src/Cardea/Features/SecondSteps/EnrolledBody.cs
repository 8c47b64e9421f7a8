using System.Text.Json.Serialization;
using Cardea.Features.Accounts;
using Cardea.Features.Tokens;

namespace Cardea.Features.SecondSteps;

/// <summary>What setting up a first factor gives; the tokens only to a sign-in that had to set it up.</summary>
public sealed record EnrolledBody(
    IReadOnlyList<string> RecoveryCodes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? AccessToken = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? TokenType = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? ExpiresIn = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RefreshToken = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] UserBody? User = null)
{
    /// <param name="tokens">Null where something else stands in the way of the sign-in; the factor is set up all the same.</param>
    public static EnrolledBody Of(IReadOnlyList<string> recoveryCodes, TokenBody? tokens) =>
        new(recoveryCodes, tokens?.AccessToken, tokens?.TokenType, tokens?.ExpiresIn, tokens?.RefreshToken, tokens?.User);

    public override string ToString() => "[recovery codes]";
}
