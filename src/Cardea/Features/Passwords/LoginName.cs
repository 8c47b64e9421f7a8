using System.Diagnostics.CodeAnalysis;
using Cardea.Features.Accounts;
using Cardea.Foundation.Data;

namespace Cardea.Features.Passwords;

/// <summary>What a person signs in with: an e-mail address or a username. Which of the two is told by its form alone.</summary>
public sealed record LoginName(string Text, bool IsEmail)
{
    public static bool TryParse([NotNullWhen(true)] string? typed, [NotNullWhen(true)] out LoginName? name)
    {
        name = Email.TryParse(typed, out var email) ? new(email.Text, IsEmail: true)
            : Username.TryParse(typed, out var username) ? new(username.Key, IsEmail: false)
            : null;
        return name is not null;
    }

    public Task<Account?> FindAsync(AccountStore accounts, Scope scope) =>
        IsEmail ? accounts.FindByEmailAsync(scope, Text) : accounts.FindByUsernameAsync(scope, Text);

    public override string ToString() => "[login name]";
}
