namespace Cardea.Crypto.Passwords;

public enum PasswordVerdict
{
    Failed,
    Success,

    /// <summary>Right, but stored in another form or at another cost than today's: hash it again while it is at hand.</summary>
    SuccessRehashNeeded,
}
