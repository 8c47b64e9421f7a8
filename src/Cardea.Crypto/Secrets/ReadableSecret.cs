using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Cardea.Crypto.Secrets;

//   text:  4 groups of 4 characters with hyphens between them, of 32 characters that can't be mistaken for each other: 80 bits
//   mac:   HMAC-SHA-256 under a key that is not in the database, over context "\n" the 16 characters

/// <summary>
/// A secret that a person reads from a paper or a mail and types: 80 random bits. Typing is forgiven case, spaces and hyphens. Stored under a
/// key, so that whoever has the database alone can't even begin to guess.
/// </summary>
public sealed class ReadableSecret
{
    private const string Alphabet = "abcdefghjkmnpqrstuvwxyz123456789";
    private const int Letters = 16;
    private const int LongestTyped = 64;

    private readonly string _letters;

    private ReadableSecret(string letters) => _letters = letters;

    /// <summary>A new secret from the operating system's random source.</summary>
    public static ReadableSecret New() => new(RandomNumberGenerator.GetString(Alphabet, Letters));

    /// <summary>Reads what was typed. Says nothing about whether it was ever given out. Never throws.</summary>
    public static bool TryParse(string? typed, [NotNullWhen(true)] out ReadableSecret? secret)
    {
        secret = null;
        if (typed is not { Length: <= LongestTyped })
        {
            return false;
        }

        var letters = string.Concat(typed.Where(letter => letter is not (' ' or '-')).Select(char.ToLowerInvariant));
        if (letters.Length != Letters || !letters.All(letter => Alphabet.Contains(letter, StringComparison.Ordinal)))
        {
            return false;
        }

        secret = new ReadableSecret(letters);
        return true;
    }

    /// <summary>What is stored instead of the secret.</summary>
    /// <param name="key">From <see cref="MasterKey.Derive"/>.</param>
    /// <param name="context">What the secret is for and whose it is.</param>
    public byte[] Mac(byte[] key, string context) => HMACSHA256.HashData(key, System.Text.Encoding.UTF8.GetBytes($"{context}\n{_letters}"));

    /// <summary>The secret itself, in groups: for the one page, answer or mail that hands it out.</summary>
    public string Reveal() => string.Join('-', _letters.Chunk(4).Select(group => new string(group)));

    /// <summary>Says what this is, never its value.</summary>
    public override string ToString() => "[readable secret]";
}
