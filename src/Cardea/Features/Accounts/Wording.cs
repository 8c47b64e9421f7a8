namespace Cardea.Features.Accounts;

/// <summary>What is said about a field that can't be taken, the same at every door.</summary>
public static class Wording
{
    public const string EmailNeeded = "Enter one e-mail address, such as name@example.org.";
    public const string UsernameNeeded = "A username has 3 to 32 letters, digits, dots, underscores or hyphens.";
    public const string NameNeeded = "A name has at most 100 visible characters.";
}
