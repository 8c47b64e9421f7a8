using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Cardea.Crypto.Passwords;

// bcrypt (Provos and Mazières, "A Future-Adaptable Password Scheme", USENIX 1999):
//
//   key      password ‖ 00, cut to 72 bytes
//   state    EksBlowfish: set up with salt and key, then 2^cost times with key and with salt alone
//   tag      "OrpheanBeholderScryDoubt" encrypted 64 times as three blocks, less its last byte
//
// Only for hashes that come from elsewhere. The cut to 72 bytes is bcrypt's own rule and one reason why they are replaced.
internal static class Bcrypt
{
    internal const int SaltBytes = 16;
    internal const int TagBytes = 23;

    private const int MaxKeyBytes = 72;

    internal static void Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int logCost, Span<byte> tag)
    {
        Span<byte> key = stackalloc byte[MaxKeyBytes];
        key.Clear();
        var passwordBytes = Math.Min(password.Length, MaxKeyBytes);
        password[..passwordBytes].CopyTo(key);
        key = key[..Math.Min(passwordBytes + 1, MaxKeyBytes)];

        Span<uint> keyWords = stackalloc uint[Blowfish.SubkeyCount];
        Span<uint> saltWords = stackalloc uint[Blowfish.SubkeyCount];
        RepeatIntoWords(key, keyWords);
        RepeatIntoWords(salt, saltWords);

        var cipher = new Blowfish();
        cipher.ExpandKey(keyWords, saltWords[..4]);
        ReadOnlySpan<uint> noSalt = [0, 0, 0, 0];
        for (var round = 1L << logCost; round > 0; round--)
        {
            cipher.ExpandKey(keyWords, noSalt);
            cipher.ExpandKey(saltWords, noSalt);
        }

        Span<byte> text = stackalloc byte[24];
        "OrpheanBeholderScryDoubt"u8.CopyTo(text);
        for (var block = 0; block < text.Length; block += 8)
        {
            var left = BinaryPrimitives.ReadUInt32BigEndian(text[block..]);
            var right = BinaryPrimitives.ReadUInt32BigEndian(text[(block + 4)..]);
            for (var i = 0; i < 64; i++)
            {
                cipher.Encrypt(ref left, ref right);
            }

            BinaryPrimitives.WriteUInt32BigEndian(text[block..], left);
            BinaryPrimitives.WriteUInt32BigEndian(text[(block + 4)..], right);
        }

        text[..TagBytes].CopyTo(tag);
        cipher.Wipe();
        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(keyWords));
    }

    private static void RepeatIntoWords(ReadOnlySpan<byte> bytes, Span<uint> words)
    {
        var position = 0;
        foreach (ref var word in words)
        {
            for (var i = 0; i < sizeof(uint); i++)
            {
                word = (word << 8) | bytes[position];
                position = (position + 1) % bytes.Length;
            }
        }
    }
}
