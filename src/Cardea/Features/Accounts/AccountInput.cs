using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Accounts;

/// <summary>Parses a change of profile for both doors.</summary>
public sealed class AccountInput
{
    public ProfileChange Parse(ProfileRequest request, FieldErrors errors) => new(
        ParseEmail(request.Email, errors), ParseUsername(request.Username, errors), ParseName("given_name", request.GivenName, errors), ParseName("family_name", request.FamilyName, errors));

    private static Email? ParseEmail(Optional<string> typed, FieldErrors errors)
    {
        if (!typed.IsGiven)
        {
            return null;
        }

        if (Email.TryParse(typed.Value, out var email))
        {
            return email;
        }

        errors.Add("email", Wording.EmailNeeded);
        return null;
    }

    private static Optional<string> ParseUsername(Optional<string> typed, FieldErrors errors)
    {
        if (typed is { IsGiven: true, Value: not null } && !Username.TryParse(typed.Value, out _))
        {
            errors.Add("username", Wording.UsernameNeeded);
        }

        return typed;
    }

    private static Optional<string> ParseName(string field, Optional<string> typed, FieldErrors errors)
    {
        if (!PersonName.TryParse(typed.Value, out var name))
        {
            errors.Add(field, Wording.NameNeeded);
        }

        return new(typed.IsGiven, name);
    }
}
