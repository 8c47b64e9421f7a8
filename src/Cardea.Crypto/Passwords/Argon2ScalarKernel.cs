using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cardea.Crypto.Passwords;

// One word at a time, in the order of RFC 9106: for processors without any vectors, and the plainest reading of the specification
// that the other kernels are compared with.
internal readonly unsafe struct Argon2ScalarKernel : IArgon2Kernel
{
    private static readonly byte[] PlaceTable = Argon2Places.Tabulate(
        (row, register, half) => (row * 16) + (register * 2) + half);

    public static bool IsSupported => true;

    public static ReadOnlySpan<byte> Places => PlaceTable;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compress(ulong* previous, ulong* reference, ulong* destination, bool keepOld)
    {
        var work = stackalloc ulong[128];
        for (var i = 0; i < 128; i++)
        {
            work[i] = previous[i] ^ reference[i];
            destination[i] = keepOld ? destination[i] ^ work[i] : work[i];
        }

        for (var row = 0; row < 8; row++)
        {
            Permute(work + (16 * row), registerStride: 2);
        }

        for (var column = 0; column < 8; column++)
        {
            Permute(work + (2 * column), registerStride: 16);
        }

        for (var i = 0; i < 128; i++)
        {
            destination[i] ^= work[i];
        }
    }

    // RFC 9106, section 3.6: the permutation P over eight 16-byte registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Permute(ulong* v, int registerStride)
    {
        ulong* r0 = v, r1 = r0 + registerStride, r2 = r1 + registerStride, r3 = r2 + registerStride;
        ulong* r4 = r3 + registerStride, r5 = r4 + registerStride, r6 = r5 + registerStride, r7 = r6 + registerStride;
        var (v0, v1, v2, v3) = (r0[0], r0[1], r1[0], r1[1]);
        var (v4, v5, v6, v7) = (r2[0], r2[1], r3[0], r3[1]);
        var (v8, v9, v10, v11) = (r4[0], r4[1], r5[0], r5[1]);
        var (v12, v13, v14, v15) = (r6[0], r6[1], r7[0], r7[1]);

        Mix(ref v0, ref v4, ref v8, ref v12);
        Mix(ref v1, ref v5, ref v9, ref v13);
        Mix(ref v2, ref v6, ref v10, ref v14);
        Mix(ref v3, ref v7, ref v11, ref v15);
        Mix(ref v0, ref v5, ref v10, ref v15);
        Mix(ref v1, ref v6, ref v11, ref v12);
        Mix(ref v2, ref v7, ref v8, ref v13);
        Mix(ref v3, ref v4, ref v9, ref v14);

        (r0[0], r0[1], r1[0], r1[1]) = (v0, v1, v2, v3);
        (r2[0], r2[1], r3[0], r3[1]) = (v4, v5, v6, v7);
        (r4[0], r4[1], r5[0], r5[1]) = (v8, v9, v10, v11);
        (r6[0], r6[1], r7[0], r7[1]) = (v12, v13, v14, v15);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ref ulong a, ref ulong b, ref ulong c, ref ulong d)
    {
        a = MulAdd(a, b);
        d = BitOperations.RotateRight(d ^ a, 32);
        c = MulAdd(c, d);
        b = BitOperations.RotateRight(b ^ c, 24);
        a = MulAdd(a, b);
        d = BitOperations.RotateRight(d ^ a, 16);
        c = MulAdd(c, d);
        b = BitOperations.RotateRight(b ^ c, 63);
    }

    // x + y + 2 * low32(x) * low32(y), modulo 2^64.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong MulAdd(ulong x, ulong y) => x + y + (2 * (ulong)(uint)x * (uint)y);
}
