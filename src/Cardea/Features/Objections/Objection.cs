using Cardea.Crypto.Secrets;

namespace Cardea.Features.Objections;

/// <summary>What came of "that wasn't me".</summary>
public abstract record Objection
{
    private Objection()
    {
    }

    /// <summary>The link is nobody's, too old, or of a mailbox that the account has left.</summary>
    public sealed record Unknown : Objection;

    /// <param name="SetPassword">The one-use token for the new password; null for an account that signs in without one.</param>
    public sealed record Upheld(SecretToken? SetPassword) : Objection
    {
        public override string ToString() => "[objection upheld]";
    }

    /// <summary>It was said before, and a new password has been set since.</summary>
    public sealed record Settled : Objection;

    /// <summary>The old address is another account's by now.</summary>
    public sealed record Taken : Objection;
}
