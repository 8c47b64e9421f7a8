using Cardea.Features.Shared;
using Cardea.Foundation.Problems;
using Cardea.Foundation.Web;

namespace Cardea.Features.Passwords;

/// <summary>
/// What a new password must be: long enough, and not among the first that a guesser tries. No rules about kinds of characters and no expiry:
/// they make passwords worse (NIST SP 800-63B section 3.1.1.2).
/// </summary>
public sealed class PasswordPolicy(PasswordsOptions options, Branding branding, PublicUrl publicUrl)
{
    /// <summary>zxcvbn's scale from 0 to 4: at 2 more than a million guesses are needed, which the attempt counters never allow.</summary>
    private const int LeastScore = 2;

    /// <summary>The estimator's time grows with the square of the length; what follows can only make the password harder.</summary>
    private const int EstimatedLength = 40;

    /// <summary>One for all: each new one would read its word lists again, for tens of milliseconds. It keeps nothing of what it is asked.</summary>
    private static readonly Zxcvbn.Zxcvbn Estimator = new();

    /// <summary>Parses and checks in one: either there is a password that may be used, or the field's errors say why not.</summary>
    public PlainPassword? Accept(string? typed, string field, IEnumerable<string?> ownNames, FieldErrors errors)
    {
        if (!PlainPassword.TryParse(typed, out var password))
        {
            errors.Add(field, string.IsNullOrEmpty(typed) ? "Enter a password." : PlainPassword.TooLong);
            return null;
        }

        if (password.Length < options.MinimumLength)
        {
            errors.Add(field, new Phrase("A password has at least {0} characters.", options.MinimumLength));
            return null;
        }

        if (options.RefuseCommon && IsGuessable(password.Reveal, ownNames))
        {
            errors.Add(field, "This password is too easy to guess. Add a few words that don't belong together.");
            return null;
        }

        return password;
    }

    private bool IsGuessable(string password, IEnumerable<string?> ownNames)
    {
        var text = password.Length > EstimatedLength ? password[..EstimatedLength] : password;
        // Where it is used for is the first thing that people put into a password: the product, what it is called here, and its host.
        string?[] context = ["cardea", branding.Name, publicUrl.IsKnown ? publicUrl.Value.Host : null, .. ownNames];
        var names = context.Where(name => name is { Length: >= 3 }).SelectMany(Parts).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        return IsBuiltFrom(names, text) || Estimator.EvaluatePassword(text, names).Score < LeastScore;
    }

    /// <summary>"alice" says the address alice@example.org as well as the address itself does.</summary>
    private static IEnumerable<string> Parts(string? name) => name!.Split('@', '.', '_', '-', ' ', '+').Where(part => part.Length >= 3).Append(name);

    /// <summary>What is left without the account's own names is too short to be a password.</summary>
    private static bool IsBuiltFrom(List<string> names, string text)
    {
        var rest = names.OrderByDescending(name => name.Length).Aggregate(text, (left, name) => left.Replace(name, "", StringComparison.OrdinalIgnoreCase));
        return rest.Length < text.Length && rest.Count(char.IsLetterOrDigit) < 5;
    }
}
