namespace Cardea.Crypto.Passwords;

/// <summary>Which instructions fill the memory. All give the same tag.</summary>
internal enum Argon2Kernel
{
    Avx512,
    Avx2,
    Vector128,
    Scalar,
}

// A block is 128 words of 64 bits. RFC 9106, section 3.5, sees it as an 8 x 8 matrix of 16-byte registers and permutes first its
// rows and then its columns. Word number w is, with one letter per bit,
//
//        w = r r r i i i b          r: row 0..7,  i: register in the row 0..7,  b: half of the register
//
// The permutation P takes 16 words as four rows A, B, C, D of four, mixes the columns of that square, rotates B by one, C by two and
// D by three places, mixes again and rotates back. In the row phase (i2 i1) says A to D and (i0 b) the place; in the column phase
// (r2 r1) says A to D and (r0 b) the place. So r0, i0 and b never choose between A and D: words that differ only in these bits can
// lie beside one another in a vector in both phases, and no transposition is needed between the phases. Each kernel picks its
// lanes from these three bits, and blocks stay in that order in memory from the first to the last. Only the first two blocks of a
// lane, the address blocks and the final block are ever translated.
//
// Kernel and order belong together: memory filled in one order and read in another gives wrong hashes. That is why a kernel is one
// type that brings both.
internal unsafe interface IArgon2Kernel
{
    static abstract bool IsSupported { get; }

    /// <summary>For each of the 128 words, its place in a block of this kernel. Word 0 is always at place 0.</summary>
    static abstract ReadOnlySpan<byte> Places { get; }

    /// <summary>
    /// destination = G(previous, reference), or destination ^= G(previous, reference) when <paramref name="keepOld"/>, which
    /// is what version 0x13 does from the second pass on. The pointers are aligned to 64 bytes; destination may not be one of
    /// the others unless keepOld is false.
    /// </summary>
    static abstract void Compress(ulong* previous, ulong* reference, ulong* destination, bool keepOld);
}

internal static class Argon2Places
{
    /// <summary>Builds the table from a formula over row, register and half.</summary>
    internal static byte[] Tabulate(Func<int, int, int, int> placeOf)
    {
        var places = new byte[128];
        for (var word = 0; word < places.Length; word++)
        {
            places[word] = (byte)placeOf(word >> 4, (word >> 1) & 7, word & 1);
        }

        return places;
    }
}
