using Cardea.Foundation.Data;

namespace Cardea.Features.SignIn;

/// <summary>
/// What begins anew in another room when an account gets a new password by way of its mail or from an administrator, such as the count of guesses at what is
/// mailed to it. Not when it was changed by who knew the old one: they have proved nothing more by it, and would begin their own guesses anew.
/// </summary>
public sealed record PasswordRenewed(Func<Transaction, string, Task> BeginAgainAsync);
