using Cardea.Foundation.Problems;

namespace Cardea.Features.Accounts;

/// <summary>A mailed proof arrives as the link's token, or as the code together with the address that it was mailed to; never as both.</summary>
public static class SecretInput
{
    public static Problem? Check(string? token, string? typedEmail, string? code, out Email email, FieldErrors? errors = null)
    {
        email = default;
        errors ??= new FieldErrors();
        switch (token, typedEmail, code)
        {
            case (not null, null, null):
                break;
            case (null, _, not null):
                if (!Email.TryParse(typedEmail, out email))
                {
                    errors.Add("email", Wording.EmailNeeded);
                }

                break;
            default:
                errors.Add("token", "Give the token of the link, or the e-mail address and the code.");
                break;
        }

        return errors.Any ? errors.ToProblem() : null;
    }

    /// <summary>What a person typed into the two fields of a page.</summary>
    public static void CheckTyped(string typedEmail, string code, out Email email, FieldErrors errors)
    {
        if (!Email.TryParse(typedEmail, out email))
        {
            errors.Add("email", Wording.EmailNeeded);
        }

        if (code.Length != 6)
        {
            errors.Add("code", "The code has six digits.");
        }
    }
}
