using System.Security.Cryptography;

namespace Cardea.Features.Passwords;

/// <summary>A password that is mailed, works once, and is typed by a person: 16 of 32 characters that can't be mistaken for each other, 80 bits.</summary>
internal static class TemporaryPassword
{
    private const string Alphabet = "abcdefghjkmnpqrstuvwxyz123456789";

    public static string New() => string.Join('-', RandomNumberGenerator.GetString(Alphabet, 16).Chunk(4).Select(group => new string(group)));
}
