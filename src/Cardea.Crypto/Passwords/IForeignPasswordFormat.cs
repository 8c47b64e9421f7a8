namespace Cardea.Crypto.Passwords;

/// <summary>
/// A form that other systems store passwords in. It is verified, so that their accounts can sign in, and never written.
/// </summary>
internal interface IForeignPasswordFormat
{
    /// <summary>Cheap look at the marker. No text is recognised by two formats.</summary>
    bool Recognises(string stored);

    /// <summary>Whether some password could match: false for text that is damaged, or whose cost is above the format's cap. Computes nothing.</summary>
    bool IsUsable(string stored);

    /// <summary>
    /// False for text that is damaged, or whose cost is above the format's cap: as with Argon2id, the row names its own cost.
    /// </summary>
    bool Matches(ReadOnlySpan<byte> password, string stored, Argon2Arena arena);
}
