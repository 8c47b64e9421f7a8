using Cardea.Features.Accounts;
using Cardea.Foundation.Problems;

namespace Cardea.Features.Passwords;

/// <summary>Parses a sign-up for both doors.</summary>
public sealed class PasswordInput(PasswordPolicy policy)
{
    public NewAccount? Parse(SignUpRequest request, FieldErrors errors)
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
        var password = policy.Accept(request.Password, "password", errors.Any ? [] : [email.Text, request.Username, givenName, familyName], errors);
        return errors.Any ? null : new NewAccount(email, password!, username, givenName, familyName);
    }
}
