using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cardea.Crypto.Passwords;

// Four words per vector, the lanes being (r0 i0); the half b picks one of two neighbouring vectors.
//
//   vector (r2 r1 i2 i1 b)      row phase: A to D of two rows are vectors 8g + 0,1 | 2,3 | 4,5 | 6,7
//   lane   (r0 i0)              column phase: A to D of two columns are vectors 2h + 0,1 | 8,9 | 16,17 | 24,25
//
// A place in the square is (x b), where x is the lane bit i0 or r0. Rotating by one sends (x 0) to where (x 1) was, which is only a
// change of name, and (x 1) to (x+1 0), which is one exchange of that lane bit. There are sixteen registers, so a step keeps
// eight vectors in them and the block in a buffer on the stack.
internal readonly unsafe struct Argon2Avx2Kernel : IArgon2Kernel
{
    private const int VectorsPerBlock = 32;
    private const byte SwapNeighbours = 0b01_00_11_10;

    private static readonly byte[] PlaceTable = Argon2Places.Tabulate(
        (row, register, half) => ((((row >> 1) * 4) + (register >> 1)) * 2 + half) * 4 + ((row & 1) * 2) + (register & 1));

    public static bool IsSupported => Avx2.IsSupported;

    public static ReadOnlySpan<byte> Places => PlaceTable;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compress(ulong* previous, ulong* reference, ulong* destination, bool keepOld)
    {
        var unaligned = stackalloc byte[(VectorsPerBlock * 32) + 31];
        var work = (Vector256<ulong>*)(((nint)unaligned + 31) & ~31);
        var left = (Vector256<ulong>*)previous;
        var right = (Vector256<ulong>*)reference;
        var target = (Vector256<ulong>*)destination;

        for (var rowPair = 0; rowPair < 4; rowPair++)
        {
            PermuteRows(left + (8 * rowPair), right + (8 * rowPair), target + (8 * rowPair), work + (8 * rowPair), keepOld);
        }

        for (var columnPair = 0; columnPair < 4; columnPair++)
        {
            PermuteColumns(work + (2 * columnPair), target + (2 * columnPair));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PermuteRows(
        Vector256<ulong>* left, Vector256<ulong>* right, Vector256<ulong>* target, Vector256<ulong>* work, bool keepOld)
    {
        var (a0, a1, b0, b1) = (left[0] ^ right[0], left[1] ^ right[1], left[2] ^ right[2], left[3] ^ right[3]);
        var (c0, c1, d0, d1) = (left[4] ^ right[4], left[5] ^ right[5], left[6] ^ right[6], left[7] ^ right[7]);

        // R = previous ^ reference is needed once more at the end and waits in the destination.
        if (keepOld)
        {
            (target[0], target[1], target[2], target[3]) = (target[0] ^ a0, target[1] ^ a1, target[2] ^ b0, target[3] ^ b1);
            (target[4], target[5], target[6], target[7]) = (target[4] ^ c0, target[5] ^ c1, target[6] ^ d0, target[7] ^ d1);
        }
        else
        {
            (target[0], target[1], target[2], target[3]) = (a0, a1, b0, b1);
            (target[4], target[5], target[6], target[7]) = (c0, c1, d0, d1);
        }

        Mix(ref a0, ref b0, ref c0, ref d0, ref a1, ref b1, ref c1, ref d1);
        (b0, b1) = (b1, SwapRegisterBit(b0));
        (c0, c1) = (SwapRegisterBit(c0), SwapRegisterBit(c1));
        (d0, d1) = (SwapRegisterBit(d1), d0);
        Mix(ref a0, ref b0, ref c0, ref d0, ref a1, ref b1, ref c1, ref d1);
        (work[0], work[1], work[2], work[3]) = (a0, a1, SwapRegisterBit(b1), b0);
        (work[4], work[5], work[6], work[7]) = (SwapRegisterBit(c0), SwapRegisterBit(c1), d1, SwapRegisterBit(d0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PermuteColumns(Vector256<ulong>* work, Vector256<ulong>* target)
    {
        var (a0, a1, b0, b1) = (work[0], work[1], work[8], work[9]);
        var (c0, c1, d0, d1) = (work[16], work[17], work[24], work[25]);
        Mix(ref a0, ref b0, ref c0, ref d0, ref a1, ref b1, ref c1, ref d1);
        (b0, b1) = (b1, SwapRowBit(b0));
        (c0, c1) = (SwapRowBit(c0), SwapRowBit(c1));
        (d0, d1) = (SwapRowBit(d1), d0);
        Mix(ref a0, ref b0, ref c0, ref d0, ref a1, ref b1, ref c1, ref d1);
        target[0] ^= a0;
        target[1] ^= a1;
        target[8] ^= SwapRowBit(b1);
        target[9] ^= b0;
        target[16] ^= SwapRowBit(c0);
        target[17] ^= SwapRowBit(c1);
        target[24] ^= d1;
        target[25] ^= SwapRowBit(d0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> SwapRegisterBit(Vector256<ulong> x) => Avx2.Shuffle(x.AsUInt32(), SwapNeighbours).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> SwapRowBit(Vector256<ulong> x) => Avx2.Permute4x64(x, SwapNeighbours);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(
        ref Vector256<ulong> a0, ref Vector256<ulong> b0, ref Vector256<ulong> c0, ref Vector256<ulong> d0,
        ref Vector256<ulong> a1, ref Vector256<ulong> b1, ref Vector256<ulong> c1, ref Vector256<ulong> d1)
    {
        (a0, a1) = (MulAdd(a0, b0), MulAdd(a1, b1));
        (d0, d1) = (RotateRight32(d0 ^ a0), RotateRight32(d1 ^ a1));
        (c0, c1) = (MulAdd(c0, d0), MulAdd(c1, d1));
        (b0, b1) = (RotateRight24(b0 ^ c0), RotateRight24(b1 ^ c1));
        (a0, a1) = (MulAdd(a0, b0), MulAdd(a1, b1));
        (d0, d1) = (RotateRight16(d0 ^ a0), RotateRight16(d1 ^ a1));
        (c0, c1) = (MulAdd(c0, d0), MulAdd(c1, d1));
        (b0, b1) = (RotateRight63(b0 ^ c0), RotateRight63(b1 ^ c1));
    }

    // RFC 9106, section 3.6: x + y + 2 * low32(x) * low32(y), modulo 2^64.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> MulAdd(Vector256<ulong> x, Vector256<ulong> y)
    {
        var product = Avx2.Multiply(x.AsUInt32(), y.AsUInt32());
        return x + y + (product + product);
    }

    // AVX2 has no rotation. Whole bytes move by a shuffle; by 63 is a doubling that brings its carry around.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> RotateRight32(Vector256<ulong> x) => Avx2.Shuffle(x.AsUInt32(), 0b10_11_00_01).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> RotateRight24(Vector256<ulong> x)
    {
        var bytes = Vector128.Create((byte)3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10);
        return Avx2.Shuffle(x.AsByte(), Vector256.Create(bytes, bytes)).AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> RotateRight16(Vector256<ulong> x)
    {
        var bytes = Vector128.Create((byte)2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
        return Avx2.Shuffle(x.AsByte(), Vector256.Create(bytes, bytes)).AsUInt64();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> RotateRight63(Vector256<ulong> x) => (x + x) ^ Vector256.ShiftRightLogical(x, 63);
}
