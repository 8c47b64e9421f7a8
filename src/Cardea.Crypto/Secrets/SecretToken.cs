using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Cardea.Crypto.Text;

namespace Cardea.Crypto.Secrets;

//   text:  base64url(32 random bytes) = 43 characters, one spelling only
//   hash:  SHA-256 over those 43 ASCII characters

/// <summary>An opaque 256-bit secret that is shown once and stored as its <see cref="Hash"/>: sessions, links in mails, API keys.</summary>
public sealed class SecretToken
{
    /// <summary>The length of the text in characters.</summary>
    public const int Length = 43;

    private const int SizeInBytes = 32;

    private readonly string _text;

    private SecretToken(string text)
    {
        _text = text;
        Hash = TokenHash.Of(text);
    }

    /// <summary>What is stored and looked up instead of the secret.</summary>
    public TokenHash Hash { get; }

    /// <summary>A new token from the operating system's random source.</summary>
    public static SecretToken New()
    {
        Span<byte> bytes = stackalloc byte[SizeInBytes];
        RandomNumberGenerator.Fill(bytes);
        return new SecretToken(Base64UrlText.Encode(bytes));
    }

    /// <summary>Reads a token a client sent. Says nothing about whether it was ever issued. Never throws.</summary>
    /// <returns>False, with a null token, unless the text is 43 characters of canonical base64url: no white space, no padding, no second spelling.</returns>
    public static bool TryParse(string? text, [NotNullWhen(true)] out SecretToken? token)
    {
        token = null;
        Span<byte> bytes = stackalloc byte[SizeInBytes];
        if (text is not { Length: Length } || !Base64UrlText.TryDecode(text, bytes, out _))
        {
            return false;
        }

        token = new SecretToken(text);
        return true;
    }

    /// <summary>The secret itself: for the one answer, cookie or mail that hands it out.</summary>
    public string Reveal() => _text;

    /// <summary>Says what this is, never its value.</summary>
    public override string ToString() => "[secret]";
}
