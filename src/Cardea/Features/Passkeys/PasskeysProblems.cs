using Cardea.Foundation.Problems;

namespace Cardea.Features.Passkeys;

public static class PasskeysProblems
{
    public static readonly Problem InvalidPasskey = new("invalid_passkey", 401, "The passkey was not accepted", "This passkey was not accepted. Please try again, or sign in another way.");
    public static readonly Problem PasskeyRefused = new("passkey_refused", 400, "The passkey was not accepted", "This passkey could not be added. Please try again.");
    public static readonly Problem TooManyPasskeys = new("too_many_passkeys", 409, "Too many passkeys", "You have as many passkeys as there may be. Remove one that you don't use.");
    public static readonly Problem LastSignInMethod = new("last_sign_in_method", 409, "The last way to sign in", "This passkey is your only way to sign in. Set a password or add another passkey first.");
}
