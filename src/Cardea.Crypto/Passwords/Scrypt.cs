using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Cardea.Crypto.Passwords;

// scrypt (RFC 7914, section 6):
//
//   B     = PBKDF2-HMAC-SHA256(P, S, 1 iteration, p * 128 * r bytes)
//   B[i]  = scryptROMix(r, B[i], N)          for each of the p parts
//   DK    = PBKDF2-HMAC-SHA256(P, B, 1 iteration, tag bytes)
//
// Only for hashes that come from elsewhere, so it is written to be read. Memory comes from the arena; the caller has checked the
// cost and clears the arena.
internal static unsafe class Scrypt
{
    private const int SalsaWords = 16;
    private const int SalsaBytes = SalsaWords * sizeof(uint);

    internal static void Derive(
        ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int cost, int blockSize, int parallelism, Span<byte> tag, Argon2Arena arena)
    {
        if (cost < 2 || !BitOperations.IsPow2(cost))
        {
            throw new ArgumentOutOfRangeException(nameof(cost), cost, "N is a power of two greater than 1.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(blockSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);

        var partBytes = 2 * SalsaBytes * blockSize;
        var parts = new byte[partBytes * parallelism];
        Rfc2898DeriveBytes.Pbkdf2(password, salt, parts, 1, HashAlgorithmName.SHA256);

        // V of section 5, and after it room for the part being mixed and for its shuffled copy.
        var partWords = partBytes / sizeof(uint);
        var memory = (uint*)arena.Take((long)partBytes * (cost + 2L));
        var block = memory + ((long)partWords * cost);
        for (var part = 0; part < parallelism; part++)
        {
            var bytes = parts.AsSpan(part * partBytes, partBytes);
            for (var i = 0; i < partWords; i++)
            {
                block[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(sizeof(uint) * i)..]);
            }

            RoMix(memory, block, partWords, cost);
            for (var i = 0; i < partWords; i++)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(bytes[(sizeof(uint) * i)..], block[i]);
            }
        }

        Rfc2898DeriveBytes.Pbkdf2(password, parts, tag, 1, HashAlgorithmName.SHA256);
        CryptographicOperations.ZeroMemory(parts);
        GC.KeepAlive(arena);
    }

    // Section 5, scryptROMix.
    private static void RoMix(uint* memory, uint* block, int partWords, int cost)
    {
        var shuffled = block + partWords;

        // 2. Remember every state on the way.
        for (var i = 0; i < cost; i++)
        {
            Copy(block, memory + ((long)i * partWords), partWords);
            BlockMix(block, shuffled, partWords);
        }

        // 3. Mix in remembered states, chosen by the current one: Integerify is the first words of the last 64 bytes.
        for (var i = 0; i < cost; i++)
        {
            var chosen = block[partWords - SalsaWords] & (uint)(cost - 1);
            Xor(memory + (chosen * (long)partWords), block, partWords);
            BlockMix(block, shuffled, partWords);
        }
    }

    // Section 4, scryptBlockMix: even results go to the first half, odd ones to the second.
    private static void BlockMix(uint* block, uint* shuffled, int partWords)
    {
        var pairs = partWords / (2 * SalsaWords);
        var x = stackalloc uint[SalsaWords];
        Copy(block + partWords - SalsaWords, x, SalsaWords);
        for (var i = 0; i < 2 * pairs; i++)
        {
            Xor(block + (i * SalsaWords), x, SalsaWords);
            Salsa20Of8Rounds(x);
            Copy(x, shuffled + (((i & 1) * pairs) + (i >> 1)) * SalsaWords, SalsaWords);
        }

        Copy(shuffled, block, partWords);
    }

    // Section 3: four double rounds, first down the columns of the 4 x 4 square and then along its rows.
    private static void Salsa20Of8Rounds(uint* x)
    {
        var (x0, x1, x2, x3) = (x[0], x[1], x[2], x[3]);
        var (x4, x5, x6, x7) = (x[4], x[5], x[6], x[7]);
        var (x8, x9, x10, x11) = (x[8], x[9], x[10], x[11]);
        var (x12, x13, x14, x15) = (x[12], x[13], x[14], x[15]);
        for (var doubleRound = 0; doubleRound < 4; doubleRound++)
        {
            QuarterRound(ref x0, ref x4, ref x8, ref x12);
            QuarterRound(ref x5, ref x9, ref x13, ref x1);
            QuarterRound(ref x10, ref x14, ref x2, ref x6);
            QuarterRound(ref x15, ref x3, ref x7, ref x11);
            QuarterRound(ref x0, ref x1, ref x2, ref x3);
            QuarterRound(ref x5, ref x6, ref x7, ref x4);
            QuarterRound(ref x10, ref x11, ref x8, ref x9);
            QuarterRound(ref x15, ref x12, ref x13, ref x14);
        }

        (x[0], x[1], x[2], x[3]) = (x[0] + x0, x[1] + x1, x[2] + x2, x[3] + x3);
        (x[4], x[5], x[6], x[7]) = (x[4] + x4, x[5] + x5, x[6] + x6, x[7] + x7);
        (x[8], x[9], x[10], x[11]) = (x[8] + x8, x[9] + x9, x[10] + x10, x[11] + x11);
        (x[12], x[13], x[14], x[15]) = (x[12] + x12, x[13] + x13, x[14] + x14, x[15] + x15);
    }

    private static void QuarterRound(ref uint a, ref uint b, ref uint c, ref uint d)
    {
        b ^= BitOperations.RotateLeft(a + d, 7);
        c ^= BitOperations.RotateLeft(b + a, 9);
        d ^= BitOperations.RotateLeft(c + b, 13);
        a ^= BitOperations.RotateLeft(d + c, 18);
    }

    private static void Copy(uint* source, uint* target, int words) =>
        new ReadOnlySpan<uint>(source, words).CopyTo(new Span<uint>(target, words));

    private static void Xor(uint* source, uint* target, int words)
    {
        var vectorWords = Vector<uint>.Count;
        var i = 0;
        for (; i <= words - vectorWords; i += vectorWords)
        {
            (Vector.Load(target + i) ^ Vector.Load(source + i)).Store(target + i);
        }

        for (; i < words; i++)
        {
            target[i] ^= source[i];
        }
    }
}
