using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Cardea.Crypto.Passwords;

// scrypt in PHC form, as passlib and others write it:
//
//   $scrypt$ln=14,r=8,p=1$salt$tag          N = 2^ln; salt and tag in standard base64 without padding
internal sealed class ScryptFormat : IForeignPasswordFormat
{
    internal const int MaxSaltBytes = 64;
    internal const int MinTagBytes = 16;
    internal const int MaxTagBytes = 64;

    private const string Head = "$scrypt$";

    public bool Recognises(string stored) => stored.StartsWith(Head, StringComparison.Ordinal);

    public bool IsUsable(string stored) => TryRead(stored, Head, out _, out _, out _);

    public bool Matches(ReadOnlySpan<byte> password, string stored, Argon2Arena arena)
    {
        if (!TryRead(stored, Head, out var cost, out var salt, out var expected))
        {
            return false;
        }

        Span<byte> actual = stackalloc byte[expected.Length];
        cost.Derive(password, salt, actual, arena);
        return CryptographicOperations.FixedTimeEquals(actual, expected);
    }

    internal static bool TryRead(
        string stored, string head, out ScryptCost cost, [NotNullWhen(true)] out byte[]? salt, [NotNullWhen(true)] out byte[]? tag)
    {
        (salt, tag) = (null, null);
        var rest = stored.AsSpan(head.Length);
        return ScryptCost.TryTake(ref rest, out cost)
            && PhcText.TryTakeLastTwoValues(rest, out salt, out tag)
            && salt.Length <= MaxSaltBytes
            && tag.Length is >= MinTagBytes and <= MaxTagBytes;
    }
}
