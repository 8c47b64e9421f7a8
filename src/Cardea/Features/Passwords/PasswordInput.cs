using Cardea.Features.Accounts;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passwords;

/// <summary>Parses a sign-up for both doors.</summary>
public sealed class PasswordInput(PasswordPolicy policy, HashingGate hashing)
{
    /// <returns>The account, or null with what is wrong in <paramref name="errors"/>; or the refusal of a server that is too busy to judge the password.</returns>
    public async Task<(NewAccount? Account, Problem? Busy)> ParseAsync(SignUpRequest request, FieldErrors errors, ClientInfo client)
    {
        if (!Email.TryParse(request.Email, out var email))
        {
            errors.Add("email", Wording.EmailNeeded);
        }

        Username? username = null;
        if (request.Username is not null)
        {
            if (Username.TryParse(request.Username, out var parsed))
            {
                username = parsed;
            }
            else
            {
                errors.Add("username", Wording.UsernameNeeded);
            }
        }

        if (!PersonName.TryParse(request.GivenName, out var givenName))
        {
            errors.Add("given_name", Wording.NameNeeded);
        }

        if (!PersonName.TryParse(request.FamilyName, out var familyName))
        {
            errors.Add("family_name", Wording.NameNeeded);
        }

        // The password last: whether it is made of the other fields can only be said when they are right.
        string?[] names = errors.Any ? [] : [email.Text, request.Username, givenName, familyName];
        var judged = await hashing.JudgeAsync(() => new Judged(policy.Accept(request.Password, "password", names, errors)), HashingPlace.Stranger(client.AddressGroup));
        return judged is null ? (null, CommonProblems.Overloaded) : (errors.Any ? null : new NewAccount(email, judged.Password!, username, givenName, familyName), null);
    }

    private sealed record Judged(PlainPassword? Password);
}
