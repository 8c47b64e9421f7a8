using Cardea.Foundation.Problems;

namespace Cardea.Features.Passwords;

public static class PasswordProblems
{
    public static readonly Problem PasswordChangeRequired = new("password_change_required", 403, "The password must be changed", "Please choose a new password now.");
    public static readonly Problem WrongCurrent = new("invalid_credentials", 403, "The password is wrong", "The current password is not right.");
    public static readonly Problem SignUpDisabled = new("sign_up_disabled", 403, "Sign-up is closed", "New accounts can't be created here.");
}
