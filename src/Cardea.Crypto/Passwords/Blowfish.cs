using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Cardea.Crypto.Passwords;

// Blowfish (Schneier 1993) with the salted key schedule of bcrypt. 18 subkeys and four tables of 256 words start as the first
// 33,344 bits of the fraction of pi and are then replaced by encryptions under themselves.
internal sealed class Blowfish
{
    internal const int SubkeyCount = 18;

    private const int TableWords = 4 * 256;
    private const int Rounds = 16;

    // A thousand words that anyone can recompute are better computed than copied: some tens of milliseconds, once, when the
    // first bcrypt hash is verified.
    private static readonly Lazy<uint[]> FractionOfPi = new(() => ComputeFractionOfPi(SubkeyCount + TableWords));

    private readonly uint[] _subkeys = FractionOfPi.Value[..SubkeyCount];
    private readonly uint[] _tables = FractionOfPi.Value[SubkeyCount..];

    internal static uint[] ComputeFractionOfPi(int words)
    {
        // Machin: pi = 16 arccot 5 - 4 arccot 239, in fixed point. Each of some 9,000 terms may be off by one in the last place, so
        // 64 more bits than asked for are plenty.
        const int guardBits = 64;
        var bits = (32 * words) + guardBits;
        var one = BigInteger.One << bits;
        var pi = (16 * ArcCotangent(5, one)) - (4 * ArcCotangent(239, one));
        var fraction = (pi - (3 * one)) >> guardBits;

        var result = new uint[words];
        var bigEndian = fraction.ToByteArray(isUnsigned: true, isBigEndian: true);
        var leadingZeros = (sizeof(uint) * words) - bigEndian.Length;
        for (var i = 0; i < bigEndian.Length; i++)
        {
            ref var word = ref result[(leadingZeros + i) / sizeof(uint)];
            word |= (uint)bigEndian[i] << (24 - (8 * ((leadingZeros + i) % sizeof(uint))));
        }

        return result;
    }

    // arccot x = 1/x - 1/(3 x^3) + 1/(5 x^5) - …
    private static BigInteger ArcCotangent(int x, BigInteger one)
    {
        var power = one / x;
        var sum = power;
        for (var n = 3; !power.IsZero; n += 2)
        {
            power /= x * x;
            sum += n % 4 == 3 ? -(power / n) : power / n;
        }

        return sum;
    }

    /// <summary>One salted key schedule. The key has been repeated to 18 words; the salt is four words, zeros for none.</summary>
    internal void ExpandKey(ReadOnlySpan<uint> key, ReadOnlySpan<uint> salt)
    {
        for (var i = 0; i < SubkeyCount; i++)
        {
            _subkeys[i] ^= key[i];
        }

        // The salt goes in by turns of two words; 18 subkeys are an odd number of pairs, so the tables start with the second half.
        uint left = 0, right = 0;
        for (var i = 0; i < SubkeyCount; i += 2)
        {
            left ^= salt[i & 2];
            right ^= salt[(i & 2) + 1];
            Encrypt(ref left, ref right);
            (_subkeys[i], _subkeys[i + 1]) = (left, right);
        }

        for (var i = 0; i < TableWords; i += 2)
        {
            left ^= salt[(i & 2) ^ 2];
            right ^= salt[((i & 2) ^ 2) + 1];
            Encrypt(ref left, ref right);
            (_tables[i], _tables[i + 1]) = (left, right);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Encrypt(ref uint left, ref uint right)
    {
        ref var subkeys = ref MemoryMarshal.GetArrayDataReference(_subkeys);
        ref var tables = ref MemoryMarshal.GetArrayDataReference(_tables);
        var (l, r) = (left, right);
        for (var i = 0; i < Rounds; i += 2)
        {
            l ^= Unsafe.Add(ref subkeys, i);
            r ^= Scramble(ref tables, l);
            r ^= Unsafe.Add(ref subkeys, i + 1);
            l ^= Scramble(ref tables, r);
        }

        (left, right) = (r ^ Unsafe.Add(ref subkeys, Rounds + 1), l ^ Unsafe.Add(ref subkeys, Rounds));
    }

    internal void Wipe()
    {
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(_subkeys.AsSpan()));
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(_tables.AsSpan()));
    }

    // F: each byte of the word picks from its own table. A byte cannot leave a table of 256, so there is no bounds check.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Scramble(ref uint tables, uint word) =>
        ((Unsafe.Add(ref tables, (int)(word >> 24)) + Unsafe.Add(ref tables, 256 + (int)((word >> 16) & 0xff)))
            ^ Unsafe.Add(ref tables, 512 + (int)((word >> 8) & 0xff)))
        + Unsafe.Add(ref tables, 768 + (int)(word & 0xff));
}
