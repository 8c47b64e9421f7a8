using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Cardea.Crypto.Passwords;

// Two words per vector, the lane being r0: made for ARM64, whose thirty-two registers hold sixteen vectors and their helpers. The
// same code runs on x64, so the arithmetic is tested on machines of either kind; only the one-instruction leaves at the end
// of this file differ.
//
//   vector (r2 r1 i2 i1 i0 b)      row phase: sixteen neighbours are the sixteen words of P, for two rows at once
//   lane   (r0)                    column phase: A to D of column i are vectors 2i + 0,1 | 16,17 | 32,33 | 48,49
//
// With the row bit as the lane the rotations of the row phase are only changes of name. In the column phase a place is (r0 b):
// rotating by one renames (x 0) and exchanges the lanes of what becomes (x 1).
internal readonly unsafe struct Argon2Vector128Kernel : IArgon2Kernel
{
    private const int VectorsPerBlock = 64;

    private static readonly byte[] PlaceTable = Argon2Places.Tabulate(
        (row, register, half) => ((((row >> 1) * 8) + register) * 2 + half) * 2 + (row & 1));

    public static bool IsSupported => Vector128.IsHardwareAccelerated;

    public static ReadOnlySpan<byte> Places => PlaceTable;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compress(ulong* previous, ulong* reference, ulong* destination, bool keepOld)
    {
        var unaligned = stackalloc byte[(VectorsPerBlock * 16) + 15];
        var work = (Vector128<ulong>*)(((nint)unaligned + 15) & ~15);
        var left = (Vector128<ulong>*)previous;
        var right = (Vector128<ulong>*)reference;
        var target = (Vector128<ulong>*)destination;

        // R = previous ^ reference is needed once more at the end and waits in the destination.
        for (var rowPair = 0; rowPair < 4; rowPair++)
        {
            var first = 16 * rowPair;
            for (var i = first; i < first + 16; i++)
            {
                work[i] = left[i] ^ right[i];
                target[i] = keepOld ? target[i] ^ work[i] : work[i];
            }

            PermuteRowPair(work + first);
        }

        for (var columnPair = 0; columnPair < 4; columnPair++)
        {
            PermuteColumnPair(work + (4 * columnPair), target + (4 * columnPair));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PermuteRowPair(Vector128<ulong>* v)
    {
        var (a0, a1, a2, a3) = (v[0], v[1], v[2], v[3]);
        var (b0, b1, b2, b3) = (v[4], v[5], v[6], v[7]);
        var (c0, c1, c2, c3) = (v[8], v[9], v[10], v[11]);
        var (d0, d1, d2, d3) = (v[12], v[13], v[14], v[15]);
        Mix(ref a0, ref b0, ref c0, ref d0, ref a1, ref b1, ref c1, ref d1, ref a2, ref b2, ref c2, ref d2, ref a3, ref b3, ref c3, ref d3);
        Mix(ref a0, ref b1, ref c2, ref d3, ref a1, ref b2, ref c3, ref d0, ref a2, ref b3, ref c0, ref d1, ref a3, ref b0, ref c1, ref d2);
        (v[0], v[1], v[2], v[3]) = (a0, a1, a2, a3);
        (v[4], v[5], v[6], v[7]) = (b0, b1, b2, b3);
        (v[8], v[9], v[10], v[11]) = (c0, c1, c2, c3);
        (v[12], v[13], v[14], v[15]) = (d0, d1, d2, d3);
    }

    // Two columns, (0 1) and (2 3), because one alone would leave half of the registers idle.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PermuteColumnPair(Vector128<ulong>* v, Vector128<ulong>* target)
    {
        var (a0, a1, a2, a3) = (v[0], v[1], v[2], v[3]);
        var (b0, b1, b2, b3) = (v[16], v[17], v[18], v[19]);
        var (c0, c1, c2, c3) = (v[32], v[33], v[34], v[35]);
        var (d0, d1, d2, d3) = (v[48], v[49], v[50], v[51]);
        Mix(ref a0, ref b0, ref c0, ref d0, ref a1, ref b1, ref c1, ref d1, ref a2, ref b2, ref c2, ref d2, ref a3, ref b3, ref c3, ref d3);
        (b0, b1, b2, b3) = (b1, SwapLanes(b0), b3, SwapLanes(b2));
        (c0, c1, c2, c3) = (SwapLanes(c0), SwapLanes(c1), SwapLanes(c2), SwapLanes(c3));
        (d0, d1, d2, d3) = (SwapLanes(d1), d0, SwapLanes(d3), d2);
        Mix(ref a0, ref b0, ref c0, ref d0, ref a1, ref b1, ref c1, ref d1, ref a2, ref b2, ref c2, ref d2, ref a3, ref b3, ref c3, ref d3);
        XorInto(target, a0, a1, a2, a3);
        XorInto(target + 16, SwapLanes(b1), b0, SwapLanes(b3), b2);
        XorInto(target + 32, SwapLanes(c0), SwapLanes(c1), SwapLanes(c2), SwapLanes(c3));
        XorInto(target + 48, d1, SwapLanes(d0), d3, SwapLanes(d2));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void XorInto(
        Vector128<ulong>* target, Vector128<ulong> v0, Vector128<ulong> v1, Vector128<ulong> v2, Vector128<ulong> v3)
    {
        target[0] ^= v0;
        target[1] ^= v1;
        target[2] ^= v2;
        target[3] ^= v3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(
        ref Vector128<ulong> a0, ref Vector128<ulong> b0, ref Vector128<ulong> c0, ref Vector128<ulong> d0,
        ref Vector128<ulong> a1, ref Vector128<ulong> b1, ref Vector128<ulong> c1, ref Vector128<ulong> d1,
        ref Vector128<ulong> a2, ref Vector128<ulong> b2, ref Vector128<ulong> c2, ref Vector128<ulong> d2,
        ref Vector128<ulong> a3, ref Vector128<ulong> b3, ref Vector128<ulong> c3, ref Vector128<ulong> d3)
    {
        (a0, a1, a2, a3) = (MulAdd(a0, b0), MulAdd(a1, b1), MulAdd(a2, b2), MulAdd(a3, b3));
        (d0, d1, d2, d3) = (RotateRight32(d0 ^ a0), RotateRight32(d1 ^ a1), RotateRight32(d2 ^ a2), RotateRight32(d3 ^ a3));
        (c0, c1, c2, c3) = (MulAdd(c0, d0), MulAdd(c1, d1), MulAdd(c2, d2), MulAdd(c3, d3));
        (b0, b1, b2, b3) = (RotateRight24(b0 ^ c0), RotateRight24(b1 ^ c1), RotateRight24(b2 ^ c2), RotateRight24(b3 ^ c3));
        (a0, a1, a2, a3) = (MulAdd(a0, b0), MulAdd(a1, b1), MulAdd(a2, b2), MulAdd(a3, b3));
        (d0, d1, d2, d3) = (RotateRight16(d0 ^ a0), RotateRight16(d1 ^ a1), RotateRight16(d2 ^ a2), RotateRight16(d3 ^ a3));
        (c0, c1, c2, c3) = (MulAdd(c0, d0), MulAdd(c1, d1), MulAdd(c2, d2), MulAdd(c3, d3));
        (b0, b1, b2, b3) = (RotateRight63(b0 ^ c0), RotateRight63(b1 ^ c1), RotateRight63(b2 ^ c2), RotateRight63(b3 ^ c3));
    }

    // RFC 9106, section 3.6: x + y + 2 * low32(x) * low32(y), modulo 2^64.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> MulAdd(Vector128<ulong> x, Vector128<ulong> y)
    {
        if (AdvSimd.IsSupported)
        {
            // A widening multiplication that adds its product, twice, is what the formula asks for.
            var xLow = AdvSimd.ExtractNarrowingLower(x);
            var yLow = AdvSimd.ExtractNarrowingLower(y);
            return AdvSimd.MultiplyWideningLowerAndAdd(AdvSimd.MultiplyWideningLowerAndAdd(x + y, xLow, yLow), xLow, yLow);
        }

        var lowHalf = Vector128.Create((ulong)uint.MaxValue);
        var product = Sse2.IsSupported ? Sse2.Multiply(x.AsUInt32(), y.AsUInt32()) : (x & lowHalf) * (y & lowHalf);
        return x + y + (product + product);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> SwapLanes(Vector128<ulong> x) =>
        AdvSimd.IsSupported ? AdvSimd.ExtractVector128(x, x, 1) : Vector128.Shuffle(x, Vector128.Create(1UL, 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> RotateRight32(Vector128<ulong> x) =>
        AdvSimd.IsSupported
            ? AdvSimd.ReverseElement32(x)
            : Vector128.Shuffle(x.AsUInt32(), Vector128.Create(1u, 0, 3, 2)).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> RotateRight24(Vector128<ulong> x) =>
        Vector128.Shuffle(x.AsByte(), Vector128.Create((byte)3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10)).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> RotateRight16(Vector128<ulong> x) =>
        Vector128.Shuffle(x.AsByte(), Vector128.Create((byte)2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9)).AsUInt64();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> RotateRight63(Vector128<ulong> x) =>
        AdvSimd.IsSupported
            ? AdvSimd.ShiftRightLogicalAdd(x + x, x, 63)
            : (x + x) ^ Vector128.ShiftRightLogical(x, 63);
}
