using Cardea.Foundation.Problems;

namespace Cardea.Features.Accounts;

public static class AccountProblems
{
    public static readonly Problem EmailTaken = new("email_taken", 409, "The address has an account", "There is already an account with this e-mail address.");
    public static readonly Problem UsernameTaken = new("username_taken", 409, "The username is taken", "This username is already taken.");
    public static readonly Problem EmailNotVerified = new("email_not_verified", 403, "The address is not verified", "Please confirm your e-mail address first: we have sent you a link.");
    public static readonly Problem AccountDisabled = new("account_disabled", 403, "The account is disabled", "This account has been disabled.");
    public static readonly Problem InvalidToken = new("invalid_token", 400, "The link or code is not valid", "This link or code is not valid or has expired. Please ask for a new one.");
    /// <summary>The one refusal that tells nothing: the account unknown, the password wrong, or the truth concealed.</summary>
    public static readonly Problem InvalidCredentials = new("invalid_credentials", 401, "Sign-in failed", "The e-mail address, username or password is not right.");
    public static readonly Problem LastAdmin = new("last_admin", 409, "The last administrator", "This is the last administrator. Make somebody else an administrator first.");
}
