using System.Diagnostics.CodeAnalysis;

namespace Cardea.Features.Accounts;

/// <summary>3 to 32 of <c>A-Z a-z 0-9 . _ -</c>, compared without case. No @ among them: a username can't be somebody's e-mail address.</summary>
public readonly record struct Username
{
    /// <summary>As the document tells it.</summary>
    public const string Pattern = "^[A-Za-z0-9._-]{3,32}$";

    private Username(string text) => Text = text;

    /// <summary>As its owner writes it.</summary>
    public string Text { get; }

    /// <summary>As it is compared.</summary>
    public string Key => Text.ToLowerInvariant();

    public static bool TryParse([NotNullWhen(true)] string? typed, out Username username)
    {
        var fits = typed is { Length: >= 3 and <= 32 } && typed.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-');
        username = fits ? new Username(typed!) : default;
        return fits;
    }

    public override string ToString() => Text;
}
