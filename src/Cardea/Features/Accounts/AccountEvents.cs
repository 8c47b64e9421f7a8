using Cardea.Features.Audit;

namespace Cardea.Features.Accounts;

internal static class AccountEvents
{
    public static readonly AuditKind SignedUp = new("account.signed_up", "The account was created.");
    public static readonly AuditKind SignUpTaken = new("account.sign_up_taken", "Somebody tried to sign up with the address of this account.");
    public static readonly AuditKind EmailVerified = new("account.email_verified", "The address was confirmed by a mailed link or code.");
    public static readonly AuditKind VerificationThrottled = new("account.verification_throttled", "Codes that confirm an address were turned away unchecked, after too many that were wrong. Not each of them is listed.");
    public static readonly AuditKind ProfileChanged = new("account.profile_changed", "Names or the username were changed.");
    public static readonly AuditKind EmailChangeAsked = new("account.email_change_asked", "A change of address waits for the new address to be confirmed.");
    public static readonly AuditKind EmailChanged = new("account.email_changed", "The new address was confirmed and is the account's from now on.");
    public static readonly AuditKind Exported = new("account.exported", "Everything stored about the account was downloaded.");
    public static readonly AuditKind Deleted = new("account.deleted", "The account and everything that tells of its owner were deleted.");
}
