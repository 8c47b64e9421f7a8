using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Cardea.Crypto.Passwords;

// Argon2's other two types in the same PHC form, version 0x13:
//
//   $argon2i$v=19$m=65536,t=4,p=1$salt$tag          also $argon2d$
//
// PHP wrote the first for years. Both are weaker than Argon2id in one way or the other, so they are read and never written.
internal sealed class Argon2OtherFormat : IForeignPasswordFormat
{
    private const string IndependentHead = "$argon2i$v=19$";
    private const string DependentHead = "$argon2d$v=19$";

    public bool Recognises(string stored) =>
        stored.StartsWith(IndependentHead, StringComparison.Ordinal) || stored.StartsWith(DependentHead, StringComparison.Ordinal);

    public bool IsUsable(string stored) => TryRead(stored, out _);

    public bool Matches(ReadOnlySpan<byte> password, string stored, Argon2Arena arena)
    {
        if (!TryRead(stored, out var hash))
        {
            return false;
        }

        Span<byte> actual = stackalloc byte[hash.Tag.Length];
        try
        {
            var variant = stored.StartsWith(IndependentHead, StringComparison.Ordinal) ? Argon2Variant.I : Argon2Variant.D;
            Argon2id.Derive(new Argon2Input { Variant = variant, Parameters = hash.Parameters, Password = password, Salt = hash.Salt }, actual, arena, Argon2id.FastestKernel);
        }
        finally
        {
            arena.Clear();
        }

        return CryptographicOperations.FixedTimeEquals(actual, hash.Tag);
    }

    /// <summary>The same text but for one letter, so the same reader with the same bounds.</summary>
    private static bool TryRead(string stored, [NotNullWhen(true)] out Argon2Phc? hash) =>
        Argon2Phc.TryParse(string.Concat(Argon2Phc.Head, stored.AsSpan(IndependentHead.Length)), out hash);
}
