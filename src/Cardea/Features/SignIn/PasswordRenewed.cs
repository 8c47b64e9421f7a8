using Cardea.Foundation.Data;

namespace Cardea.Features.SignIn;

/// <summary>What begins anew in another room when an account gets a new password, such as the count of guesses at what is mailed to it.</summary>
public sealed record PasswordRenewed(Func<Transaction, string, Task> BeginAgainAsync);
