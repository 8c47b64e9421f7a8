namespace Cardea.Crypto.Passwords;

public enum StoredPasswordForm
{
    /// <summary>In none of the forms that are read here.</summary>
    Unknown,

    /// <summary>In one of them, but damaged, or at a cost above the bounds: no password would match.</summary>
    Unusable,

    Usable,
}
