using Cardea.Foundation.Problems;

namespace Cardea.Features.Admin;

public static class AdminProblems
{
    public static readonly Problem RoleTaken = new("role_taken", 409, "The role exists", "There is already a role of that name.");
    public static readonly Problem RoleProtected = new("role_protected", 409, "The role is Cardea's own", "The roles admin and user can't be changed or deleted.");
    public static readonly Problem MailNotRetried = new("mail_not_retried", 409, "The mail can't be sent again", "This mail was delivered, or has run out: what it says is true no more.");
    public static readonly Problem IdempotencyKeyReused = new("idempotency_key_reused", 422, "The key was used", "This Idempotency-Key was used for another request.");
    public static readonly Problem IdempotentInProgress = new("idempotent_request_in_progress", 409, "The first request is at work", "A request with this Idempotency-Key is still at work. Please try again in a moment.");
    public static readonly Problem FactorsProtected = new("factors_protected", 403, "An administrator's factors stay", "The second factors of an administrator are removed on the server itself: cardea user reset-factors.");
    public static readonly Problem ImpersonationOff = new("impersonation_off", 409, "Viewing as somebody else is switched off", "This server does not let administrators view accounts as their owners.");
    public static readonly Problem NotViewed = new("impersonation_refused", 403, "This account is not viewed", "Whoever administers anything here can't be viewed as.");
    public static readonly Problem UnknownRole = new("unknown_role", 400, "There is no such role", "There is no role of that name.");
}
