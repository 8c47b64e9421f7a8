namespace Cardea.Foundation.Pages;

/// <summary>
/// Where to go on after signing in, as a stranger's link may have said it: a path of this site or nothing. Browsers take <c>//host</c>,
/// <c>/\host</c> and a tab in between for another site, so the form is a list of what is allowed, not of what is known to be bad.
/// </summary>
public static class ReturnUrl
{
    private const int Longest = 1024;

    public static string? Local(string? given)
    {
        if (given is null || given.Length > Longest || given is not ['/', ..] || given is ['/', '/' or '\\', ..])
        {
            return null;
        }

        foreach (var letter in given)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && !"/-._~%?=&+,:@!$'()*;".Contains(letter, StringComparison.Ordinal))
            {
                return null;
            }
        }

        var path = given.Split('?', 2)[0];
        // Percent-encoded slashes and backslashes are decoded by some in between.
        return path.Contains("//", StringComparison.Ordinal) || path.Contains("%2f", StringComparison.OrdinalIgnoreCase) || path.Contains("%5c", StringComparison.OrdinalIgnoreCase)
            || path.Contains("/..", StringComparison.Ordinal) || path.Contains("%2e", StringComparison.OrdinalIgnoreCase) ? null : given;
    }
}
