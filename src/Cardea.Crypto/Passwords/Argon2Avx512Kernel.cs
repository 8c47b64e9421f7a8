using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cardea.Crypto.Passwords;

// Eight words per vector, the lanes being (r0 i0 b): the whole block is sixteen vectors, which with thirty-two registers never
// leave the processor.
//
//   vector 4 * (r2 r1) + (i2 i1)      row phase: vectors 4g..4g+3 are A, B, C, D of rows 2g and 2g+1
//   lane   (r0 i0 b)                  column phase: vectors h, 4+h, 8+h, 12+h are A to D of columns 2h and 2h+1
//
// In the row phase the places (i0 b) are the low two lane bits, so a rotation stays within each half of the vector. In the column
// phase they are (r0 b), the high and the low lane bit, and the rotation is a permutation across the whole vector.
internal readonly unsafe struct Argon2Avx512Kernel : IArgon2Kernel
{
    private static readonly byte[] PlaceTable = Argon2Places.Tabulate(
        (row, register, half) => (((row >> 1) * 4) + (register >> 1)) * 8 + ((row & 1) * 4) + ((register & 1) * 2) + half);

    public static bool IsSupported => Avx512F.IsSupported;

    public static ReadOnlySpan<byte> Places => PlaceTable;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compress(ulong* previous, ulong* reference, ulong* destination, bool keepOld)
    {
        var v0 = Load(previous, reference, 0);
        var v1 = Load(previous, reference, 1);
        var v2 = Load(previous, reference, 2);
        var v3 = Load(previous, reference, 3);
        var v4 = Load(previous, reference, 4);
        var v5 = Load(previous, reference, 5);
        var v6 = Load(previous, reference, 6);
        var v7 = Load(previous, reference, 7);
        var v8 = Load(previous, reference, 8);
        var v9 = Load(previous, reference, 9);
        var v10 = Load(previous, reference, 10);
        var v11 = Load(previous, reference, 11);
        var v12 = Load(previous, reference, 12);
        var v13 = Load(previous, reference, 13);
        var v14 = Load(previous, reference, 14);
        var v15 = Load(previous, reference, 15);

        // R = previous ^ reference is needed once more at the end. It waits in the destination, so that all registers are free.
        if (keepOld)
        {
            XorInto(destination, v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15);
        }
        else
        {
            Store(destination, v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15);
        }

        // The rows.
        Mix(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref v8, ref v9, ref v10, ref v11, ref v12, ref v13, ref v14, ref v15);
        RotateRowPlaces(ref v1, ref v2, ref v3, ref v5, ref v6, ref v7);
        RotateRowPlaces(ref v9, ref v10, ref v11, ref v13, ref v14, ref v15);
        Mix(ref v0, ref v1, ref v2, ref v3, ref v4, ref v5, ref v6, ref v7, ref v8, ref v9, ref v10, ref v11, ref v12, ref v13, ref v14, ref v15);
        // Rotating back is the same with B and D exchanged.
        RotateRowPlaces(ref v3, ref v2, ref v1, ref v7, ref v6, ref v5);
        RotateRowPlaces(ref v11, ref v10, ref v9, ref v15, ref v14, ref v13);

        // The columns.
        Mix(ref v0, ref v4, ref v8, ref v12, ref v1, ref v5, ref v9, ref v13, ref v2, ref v6, ref v10, ref v14, ref v3, ref v7, ref v11, ref v15);
        RotateColumnPlaces(ref v4, ref v8, ref v12, ref v5, ref v9, ref v13);
        RotateColumnPlaces(ref v6, ref v10, ref v14, ref v7, ref v11, ref v15);
        Mix(ref v0, ref v4, ref v8, ref v12, ref v1, ref v5, ref v9, ref v13, ref v2, ref v6, ref v10, ref v14, ref v3, ref v7, ref v11, ref v15);
        RotateColumnPlaces(ref v12, ref v8, ref v4, ref v13, ref v9, ref v5);
        RotateColumnPlaces(ref v14, ref v10, ref v6, ref v15, ref v11, ref v7);

        XorInto(destination, v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15);
    }

    // Four independent squares at once, to hide the latency of the multiplications.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(
        ref Vector512<ulong> a0, ref Vector512<ulong> b0, ref Vector512<ulong> c0, ref Vector512<ulong> d0,
        ref Vector512<ulong> a1, ref Vector512<ulong> b1, ref Vector512<ulong> c1, ref Vector512<ulong> d1,
        ref Vector512<ulong> a2, ref Vector512<ulong> b2, ref Vector512<ulong> c2, ref Vector512<ulong> d2,
        ref Vector512<ulong> a3, ref Vector512<ulong> b3, ref Vector512<ulong> c3, ref Vector512<ulong> d3)
    {
        (a0, a1, a2, a3) = (MulAdd(a0, b0), MulAdd(a1, b1), MulAdd(a2, b2), MulAdd(a3, b3));
        d0 = Avx512F.RotateRight(d0 ^ a0, 32);
        d1 = Avx512F.RotateRight(d1 ^ a1, 32);
        d2 = Avx512F.RotateRight(d2 ^ a2, 32);
        d3 = Avx512F.RotateRight(d3 ^ a3, 32);
        (c0, c1, c2, c3) = (MulAdd(c0, d0), MulAdd(c1, d1), MulAdd(c2, d2), MulAdd(c3, d3));
        b0 = Avx512F.RotateRight(b0 ^ c0, 24);
        b1 = Avx512F.RotateRight(b1 ^ c1, 24);
        b2 = Avx512F.RotateRight(b2 ^ c2, 24);
        b3 = Avx512F.RotateRight(b3 ^ c3, 24);
        (a0, a1, a2, a3) = (MulAdd(a0, b0), MulAdd(a1, b1), MulAdd(a2, b2), MulAdd(a3, b3));
        d0 = Avx512F.RotateRight(d0 ^ a0, 16);
        d1 = Avx512F.RotateRight(d1 ^ a1, 16);
        d2 = Avx512F.RotateRight(d2 ^ a2, 16);
        d3 = Avx512F.RotateRight(d3 ^ a3, 16);
        (c0, c1, c2, c3) = (MulAdd(c0, d0), MulAdd(c1, d1), MulAdd(c2, d2), MulAdd(c3, d3));
        b0 = Avx512F.RotateRight(b0 ^ c0, 63);
        b1 = Avx512F.RotateRight(b1 ^ c1, 63);
        b2 = Avx512F.RotateRight(b2 ^ c2, 63);
        b3 = Avx512F.RotateRight(b3 ^ c3, 63);
    }

    // RFC 9106, section 3.6: x + y + 2 * low32(x) * low32(y), modulo 2^64.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> MulAdd(Vector512<ulong> x, Vector512<ulong> y)
    {
        var product = Avx512F.Multiply(x.AsUInt32(), y.AsUInt32());
        return x + y + (product + product);
    }

    // Lane bits (i0 b) of both halves: B takes from one place on (1 2 3 0), C from two, D from three.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RotateRowPlaces(
        ref Vector512<ulong> b0, ref Vector512<ulong> c0, ref Vector512<ulong> d0,
        ref Vector512<ulong> b1, ref Vector512<ulong> c1, ref Vector512<ulong> d1)
    {
        b0 = Avx512F.Permute4x64(b0, 0b00_11_10_01);
        b1 = Avx512F.Permute4x64(b1, 0b00_11_10_01);
        c0 = Avx512F.Permute4x64(c0, 0b01_00_11_10);
        c1 = Avx512F.Permute4x64(c1, 0b01_00_11_10);
        d0 = Avx512F.Permute4x64(d0, 0b10_01_00_11);
        d1 = Avx512F.Permute4x64(d1, 0b10_01_00_11);
    }

    // Lane bits (r0 b) with i0 kept: the places 0, 1, 2, 3 of one column are lanes 0, 1, 4, 5, those of the other 2, 3, 6, 7.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RotateColumnPlaces(
        ref Vector512<ulong> b0, ref Vector512<ulong> c0, ref Vector512<ulong> d0,
        ref Vector512<ulong> b1, ref Vector512<ulong> c1, ref Vector512<ulong> d1)
    {
        var byOne = Vector512.Create(1UL, 4, 3, 6, 5, 0, 7, 2);
        var byTwo = Vector512.Create(4UL, 5, 6, 7, 0, 1, 2, 3);
        var byThree = Vector512.Create(5UL, 0, 7, 2, 1, 4, 3, 6);
        b0 = Avx512F.PermuteVar8x64(b0, byOne);
        b1 = Avx512F.PermuteVar8x64(b1, byOne);
        c0 = Avx512F.PermuteVar8x64(c0, byTwo);
        c1 = Avx512F.PermuteVar8x64(c1, byTwo);
        d0 = Avx512F.PermuteVar8x64(d0, byThree);
        d1 = Avx512F.PermuteVar8x64(d1, byThree);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Load(ulong* previous, ulong* reference, int index) =>
        Vector512.LoadAligned(previous + (8 * index)) ^ Vector512.LoadAligned(reference + (8 * index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(
        ulong* destination,
        Vector512<ulong> v0, Vector512<ulong> v1, Vector512<ulong> v2, Vector512<ulong> v3,
        Vector512<ulong> v4, Vector512<ulong> v5, Vector512<ulong> v6, Vector512<ulong> v7,
        Vector512<ulong> v8, Vector512<ulong> v9, Vector512<ulong> v10, Vector512<ulong> v11,
        Vector512<ulong> v12, Vector512<ulong> v13, Vector512<ulong> v14, Vector512<ulong> v15)
    {
        var target = (Vector512<ulong>*)destination;
        (target[0], target[1], target[2], target[3]) = (v0, v1, v2, v3);
        (target[4], target[5], target[6], target[7]) = (v4, v5, v6, v7);
        (target[8], target[9], target[10], target[11]) = (v8, v9, v10, v11);
        (target[12], target[13], target[14], target[15]) = (v12, v13, v14, v15);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void XorInto(
        ulong* destination,
        Vector512<ulong> v0, Vector512<ulong> v1, Vector512<ulong> v2, Vector512<ulong> v3,
        Vector512<ulong> v4, Vector512<ulong> v5, Vector512<ulong> v6, Vector512<ulong> v7,
        Vector512<ulong> v8, Vector512<ulong> v9, Vector512<ulong> v10, Vector512<ulong> v11,
        Vector512<ulong> v12, Vector512<ulong> v13, Vector512<ulong> v14, Vector512<ulong> v15)
    {
        var target = (Vector512<ulong>*)destination;
        target[0] ^= v0;
        target[1] ^= v1;
        target[2] ^= v2;
        target[3] ^= v3;
        target[4] ^= v4;
        target[5] ^= v5;
        target[6] ^= v6;
        target[7] ^= v7;
        target[8] ^= v8;
        target[9] ^= v9;
        target[10] ^= v10;
        target[11] ^= v11;
        target[12] ^= v12;
        target[13] ^= v13;
        target[14] ^= v14;
        target[15] ^= v15;
    }
}
